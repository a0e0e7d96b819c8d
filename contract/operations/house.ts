import { z } from 'zod'
import { operation } from './base.ts'

const tags = ['house']

/** One thing that Jackdaw depends on, as it is right now. `off`: not configured, and said so. */
export const Service = z.object({
  name: z.string(),
  state: z.enum(['ok', 'degraded', 'down', 'off']),
  says: z.string(),
  latencyMs: z.number().optional(),
})
export type Service = z.infer<typeof Service>

export const EngineView = z.object({
  kind: z.enum(['source', 'transport', 'processor', 'destination']),
  name: z.string(),
  title: z.string(),
  available: z.boolean(),
  says: z.string().describe('why it is absent and how to get it'),
  tools: z.array(z.object({ name: z.string(), path: z.string().optional(), version: z.string().optional() })),
  options: z.record(z.string(), z.json()).optional().describe('JSON Schema of the options that it takes'),
})
export type EngineView = z.infer<typeof EngineView>

export const house = {
  status: operation
    .meta({ access: 'member' })
    .route({ method: 'GET', path: '/status', summary: 'Services and capabilities, in words', tags })
    .output(
      z.object({
        version: z.string(),
        environment: z.string(),
        startedAt: z.string(),
        services: z.array(Service),
        capabilities: z.array(z.object({ name: z.string(), available: z.boolean(), says: z.string() })),
      }),
    ),
  engines: operation
    .meta({ access: 'member' })
    .route({ method: 'GET', path: '/engines', summary: 'Every engine: there or absent, with version and reason', tags })
    .output(z.array(EngineView)),
  metrics: operation
    .meta({ access: 'member' })
    .route({ method: 'GET', path: '/metrics', summary: 'The numbers of /metrics for people', tags })
    .output(z.record(z.string(), z.number())),
}

import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { Event } from '../events.ts'
import { ByteSize } from '../nouns/options.ts'
import { StepKind } from '../nouns/job.ts'
import { operation } from './base.ts'

const tags = ['queue']

/** How much may run at once, and how fast. Settings: changed while running, announced to all processes. */
export const Limits = z.object({
  fetch: z.number().int().min(0).max(1000).describe('fetching steps at once'),
  process: z.number().int().min(0).max(1000).describe('processing steps at once'),
  deliver: z.number().int().min(0).max(1000).describe('delivering steps at once'),
  resolve: z.number().int().min(0).max(1000).describe('resolving steps at once'),
  perAccount: z.number().int().min(1).max(1000).describe('running steps of one account and kind'),
  perSite: z.number().int().min(1).max(1000).describe('fetching and resolving steps at one site'),
  perMachine: z.number().int().min(1).max(1000).describe('processing steps on one machine'),
  bandwidth: ByteSize.describe('bytes per second for the whole house; 0 for no limit'),
  freeBytes: ByteSize.describe('fetch nothing while less than this is free on the disk'),
})
export type Limits = z.infer<typeof Limits>

const Counts = z.object({
  waiting: z.number().int(),
  ready: z.number().int(),
  admitted: z.number().int(),
  running: z.number().int(),
  paused: z.number().int(),
})

export const queue = {
  show: operation
    .meta({ access: 'member' })
    .route({ method: 'GET', path: '/queue', summary: 'What waits and what runs, by kind, and the limits', tags })
    .output(z.object({ paused: z.boolean(), kinds: z.partialRecord(StepKind, Counts), limits: Limits })),
  pause: operation
    .meta({ access: 'moderator', mutates: true })
    .route({ method: 'POST', path: '/queue/pause', summary: 'Pause everything; bytes are kept', tags })
    .output(z.object({ paused: z.boolean() })),
  resume: operation
    .meta({ access: 'moderator', mutates: true })
    .route({ method: 'POST', path: '/queue/resume', summary: 'Go on with everything', tags })
    .output(z.object({ paused: z.boolean() })),
  limit: operation
    .meta({ access: 'moderator', mutates: true })
    .route({ method: 'PATCH', path: '/queue/limits', summary: 'Change how much may run at once, and how fast', tags })
    .input(Limits.partial())
    .output(Limits),
  events: operation
    .meta({ access: 'member' })
    .route({ method: 'GET', path: '/events', summary: 'Follow all jobs (SSE; replays by Last-Event-ID)', tags })
    .input(z.object({ since: z.coerce.number().int().nonnegative().optional() }))
    .output(eventIterator(Event)),
}

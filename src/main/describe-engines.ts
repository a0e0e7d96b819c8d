import type { EngineView } from '@jackdaw/contract/operations/house.ts'
import type { Engines } from '#pipeline/engine.ts'
import type { Config } from './config.ts'

/** Every engine with its tools: there or absent, and why. */
export async function describeEngines(engines: Engines, _config: Config): Promise<EngineView[]> {
  const kinds = {
    source: engines.sources,
    transport: engines.transports,
    processor: engines.processors,
    destination: engines.destinations,
  } as const
  return Object.entries(kinds).flatMap(([kind, list]) =>
    list.map(({ name, title }) => ({
      kind: kind as EngineView['kind'],
      name,
      title,
      available: true,
      says: 'there',
      tools: [],
    })),
  )
}

import { destinations } from '#destinations/index.ts'
import { processors } from '#processors/index.ts'
import type { Engines } from '#pipeline/engine.ts'
import type { Store } from '#pipeline/store.ts'
import { sources } from '#sources/index.ts'
import { transports } from '#transports/index.ts'
import type { Config } from './config.ts'

/** The registries as one value. */
export function openEngines(config: Config, store: Store): Engines {
  return {
    sources,
    transports: transports({ stallMs: config.stallSeconds * 1000 }),
    processors,
    destinations: destinations(store),
  }
}

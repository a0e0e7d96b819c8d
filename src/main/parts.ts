import type { Pool } from 'pg'
import type { Db } from '#db/open.ts'
import type { Tables } from '#db/tables.ts'
import type { Bus } from '#kernel/bus.ts'
import type { Log } from '#kernel/log.ts'
import type { Seal } from '#kernel/seal.ts'
import type { Engines } from '#pipeline/engine.ts'
import type { Queue } from '#pipeline/queue.ts'
import type { Settings } from '#pipeline/settings.ts'
import type { Store } from '#pipeline/store.ts'
import type { Config } from './config.ts'

/** What every role of a house stands on. */
export interface Parts {
  readonly config: Config
  readonly log: Log
  readonly db: Db<Tables>
  readonly pool: Pool
  readonly bus: Bus
  readonly queue: Queue
  readonly settings: Settings
  readonly store: Store
  readonly engines: Engines
  /** Name of this machine, by its data folder. */
  readonly machine: string
  readonly seal: Seal
  readonly key: Uint8Array
  /** Folder for what is being worked on. */
  readonly scratch: string
  /** Bytes free where the data is. */
  readonly freeBytes: () => Promise<number>
}

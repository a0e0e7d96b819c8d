import type { Pool } from 'pg'
import type { JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import type { Engine, Engines } from './engine.ts'
import type { OpenedRun } from './run.ts'
import type { Store } from './store.ts'

/** What performing a step takes from the house. */
export interface PerformPorts {
  readonly pool: Pool
  readonly engines: Engines
  readonly store: Store
  readonly machine: string
  readonly seal: (secrets: JobSecrets, job: string) => string
  /** Opens the Run once it is known which engine's checkpoints to read. */
  open(engine: Pick<Engine, 'checkpoint'> | undefined): Promise<OpenedRun>
}

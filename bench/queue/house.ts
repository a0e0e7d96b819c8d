import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pool } from 'pg'
import { z } from 'zod'
import type { Part } from '@jackdaw/contract/nouns/media.ts'
import type { Limits } from '@jackdaw/contract/operations/queue.ts'
import { diskStore } from '#adapters/disk/store.ts'
import { createMetrics } from '#app/house/metrics.ts'
import { migrate } from '#db/migrate.ts'
import { openDatabase } from '#db/open.ts'
import type { Tables } from '#db/tables.ts'
import { createBus, type Bus } from '#kernel/bus.ts'
import { newId } from '#kernel/ids.ts'
import { createLog } from '#kernel/log.ts'
import { sealWith } from '#kernel/seal.ts'
import { loadConfig } from '#main/config.ts'
import { openWorker } from '#main/worker.ts'
import type { Engines } from '#pipeline/engine.ts'
import { createQueue, type NewJob, type Queue } from '#pipeline/queue.ts'
import { keepScratchClean } from '#pipeline/scratch.ts'
import { openSettings } from '#pipeline/settings.ts'
import { connectWakes } from '#pipeline/wakes.ts'

export interface BenchHouse extends AsyncDisposable {
  readonly pool: Pool
  readonly bus: Bus
  readonly queue: Queue
  /** Starts the worker as `serve --as worker` does, with engines that do next to nothing. */
  work(): Promise<void>
}

export const benchLimits: Limits = {
  resolve: 16,
  fetch: 16,
  process: 16,
  deliver: 16,
  perAccount: 64,
  perSite: 64,
  perMachine: 16,
  bandwidth: 0,
  freeBytes: 0,
}

/** A house without faces on a database that is already there: what the pipeline costs and nothing else. */
export async function openBenchHouse(how: {
  url: string
  data: string
  limits?: Partial<Limits>
  /** Fetches never end. */
  hold?: boolean
  /** Called when a link begins to be resolved. */
  onResolve?: (text: string) => void
}): Promise<BenchHouse> {
  await using stack = new AsyncDisposableStack()
  const { config } = loadConfig({ flags: { data: how.data }, env: {} })
  const log = createLog({ level: 'error' })
  await mkdir(config.data, { recursive: true })
  const { db, pool, url, state } = stack.use(await openDatabase<Tables>({ url: how.url, log, name: 'bench' }))
  await migrate({ pool, log })
  const bus = createBus()
  stack.use(await connectWakes({ bus, pool, url, house: newId(), log }))
  const settings = stack.use(await openSettings({ pool, bus, defaults: { ...benchLimits, ...how.limits } }))
  const queue = createQueue(pool)
  const store = diskStore(join(config.data, 'store'))
  const scratch = join(config.data, 'scratch')
  const film = join(config.data, 'film')
  await writeFile(film, 'x')
  const key = new Uint8Array(32)
  const engines = idleEngines(film, how)
  const freeBytes = async () => Number.MAX_SAFE_INTEGER
  const parts = {
    config,
    log,
    db,
    pool,
    bus,
    queue,
    settings,
    store,
    engines,
    machine: 'bench',
    key,
    scratch,
    freeBytes,
  }
  const metrics = createMetrics({ db, pool: state, version: 'bench' })
  const open = stack.move()
  return {
    pool,
    bus,
    queue,
    async work() {
      open.use(keepScratchClean({ pool, bus, root: scratch, failed: (error) => log.error({ err: error }, 'scratch') }))
      open.use(await openWorker({ ...parts, metrics, seal: sealWith([key]), roles: ['worker'] }))
    },
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  }
}

/** A wish as an operation would write it: resolve, fetch, deliver. */
export function benchJob(text: string, more: Partial<NewJob> = {}): NewJob {
  return {
    id: newId(),
    step: newId(),
    link: { kind: 'url', text },
    title: text,
    recipe: 'plain',
    destinations: ['nowhere'],
    options: {},
    sealed: null,
    originKey: text,
    wishKey: text,
    priority: 0,
    category: null,
    site: '',
    ...more,
  }
}

const digest = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881' // of "x"

/** One asset of one byte that is already there, and one receipt for it: all rows of a real job, without its bytes. */
function idleEngines(
  film: string,
  { hold = false, onResolve }: { hold?: boolean; onResolve?: (text: string) => void },
): Engines {
  const nothing = { options: z.unknown(), checkpoint: z.unknown(), tools: [], title: 'bench', name: 'idle' }
  const part: Part = { transport: 'idle', name: 'film', site: '', request: {} }
  return {
    sources: [
      {
        ...nothing,
        claims: () => 1,
        async resolve({ text }) {
          onResolve?.(text)
          return { title: text, source: 'idle', parts: [part] }
        },
      },
    ],
    transports: [
      {
        ...nothing,
        async fetch(_part, _options, run) {
          if (hold) await once(run.signal, 'abort')
          run.signal.throwIfAborted()
          return [await run.keep(film, { name: 'film', sha256: digest })]
        },
      },
    ],
    processors: [],
    destinations: [
      {
        ...nothing,
        name: 'nowhere',
        deliver: async (assets) =>
          assets.map(({ id, sha256, bytes }) => ({
            asset: id,
            destination: 'nowhere',
            place: 'nowhere',
            sha256,
            bytes,
            at: new Date().toISOString(),
          })),
      },
    ],
  }
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'pg'
import { z } from 'zod'
import type { Part } from '@jackdaw/contract/nouns/media.ts'
import { endedStates, type JobState } from '@jackdaw/contract/nouns/job.ts'
import type { Limits } from '@jackdaw/contract/operations/queue.ts'
import { diskStore } from '#adapters/disk/store.ts'
import { resultTypes } from '#db/types.ts'
import { createBus, type Bus } from '#kernel/bus.ts'
import { newId } from '#kernel/ids.ts'
import type { Engines } from '#pipeline/engine.ts'
import { createQueue, type NewJob, type Queue } from '#pipeline/queue.ts'
import { openSettings, type Settings } from '#pipeline/settings.ts'
import { startWorker, type Worker } from '#pipeline/worker.ts'

export const testLimits: Limits = {
  resolve: 8,
  fetch: 8,
  process: 8,
  deliver: 8,
  perAccount: 8,
  perSite: 8,
  perMachine: 8,
  bandwidth: 0,
  freeBytes: 0,
}

export interface TestPipeline {
  readonly pool: Pool
  readonly bus: Bus
  readonly queue: Queue
  readonly settings: Settings
  readonly root: string
  /** Another worker on the same database, as another process would be. */
  worker(machine?: string, how?: { freeBytes?: () => Promise<number> }): Promise<Worker>
  /** Starts a job per link and returns their ids. */
  start(
    ...wishes: readonly (string | (Partial<NewJob> & { link: { kind: string; text: string } }))[]
  ): Promise<string[]>
  /** Waits until the job is in one of these states (ended, unless given). */
  until(job: string, ...states: readonly JobState[]): Promise<JobState>
}

/** The pipeline on a real database with the engines that a test brings. */
export async function testPipeline(
  t: TestContext,
  url: string,
  engines: Partial<Engines>,
  limits: Partial<Limits> = {},
): Promise<TestPipeline> {
  const root = await mkdtemp(join(tmpdir(), 'jackdaw-pipeline-'))
  const pool = new Pool({
    connectionString: url,
    max: 12,
    types: resultTypes,
    options: '-c search_path=jackdaw,public',
  })
  pool.on('error', () => {})
  const bus = createBus()
  const queue = createQueue(pool)
  const settings = await openSettings({ pool, bus, defaults: { ...testLimits, ...limits } })
  const workers: Worker[] = []
  t.after(async () => {
    await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()))
    settings[Symbol.dispose]()
    await pool.end()
    await rm(root, { recursive: true, force: true })
  })
  const until: TestPipeline['until'] = async (job, ...states) => {
    const wanted = states.length > 0 ? states : endedStates
    for (;;) {
      const { rows } = await pool.query<{ state: JobState }>('select state from jobs where id = $1', [job])
      const state = rows[0]?.state
      if (state !== undefined && wanted.includes(state)) return state
      await sleep(5)
    }
  }
  return {
    pool,
    bus,
    queue,
    settings,
    root,
    until,
    async worker(machine = 'here', how = {}) {
      const worker = startWorker({
        name: machine,
        pool,
        queue,
        bus,
        settings,
        engines: { sources: [], transports: [], processors: [], destinations: [], ...engines },
        store: diskStore(join(root, 'store')),
        machine,
        log: quiet,
        scratch: join(root, 'scratch'),
        secrets: join(root, 'secrets'),
        unseal: (sealed) => JSON.parse(sealed) as unknown,
        seal: (secrets) => JSON.stringify(secrets),
        outside: () => closed,
        freeBytes: how.freeBytes ?? (async () => Number.MAX_SAFE_INTEGER),
        retryBaseMs: 1,
      })
      workers.push(worker)
      await pool.query(
        `insert into workers (id, machine, pid, boot_id, start_time, roles) values ($1, $2, $3, '', '', '{worker}') on conflict do nothing`,
        [worker.id, machine, process.pid],
      )
      bus.publish({ kind: 'ready' })
      return worker
    },
    async start(...wishes) {
      const jobs = wishes.map((wish) => ({
        id: newId(),
        step: newId(),
        title: 'a job',
        recipe: 'plain',
        destinations: ['nowhere'],
        options: {},
        sealed: null,
        originKey: '',
        wishKey: '',
        priority: 0,
        category: null,
        site: '',
        ...(typeof wish === 'string' ? { link: { kind: 'url', text: wish } } : wish),
      }))
      await queue.startJobs('owner', undefined, jobs)
      bus.publish({ kind: 'ready' })
      return jobs.map(({ id }) => id)
    },
  }
}

const nothing = { options: z.unknown(), checkpoint: z.unknown(), tools: [], title: 'test' }

/** Engines that do nothing: what is left is the pipeline itself. */
export const idleEngines: Engines = {
  sources: [
    {
      ...nothing,
      name: 'idle',
      claims: () => 1,
      resolve: async (link) => ({ title: link.text, source: 'idle', parts: [idlePart(link.text)] }),
    },
  ],
  transports: [{ ...nothing, name: 'idle', fetch: async () => [] }],
  processors: [],
  destinations: [{ ...nothing, name: 'nowhere', deliver: async () => [] }],
}

export function idlePart(name: string): Part {
  return { transport: 'idle', name, site: '', request: {} }
}

const closed = {
  http: async () => Promise.reject(new Error('no network in this test')),
  connect: async () => Promise.reject(new Error('no network in this test')),
  spawn: async () => Promise.reject(new Error('no programs in this test')),
  charge: () => 0,
  [Symbol.asyncDispose]: async () => {},
}

const quiet = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: (...args: unknown[]) => process.stderr.write(`${JSON.stringify(args, errors)}\n`),
}

function errors(_key: string, value: unknown): unknown {
  return value instanceof Error ? { message: value.message, stack: value.stack } : value
}

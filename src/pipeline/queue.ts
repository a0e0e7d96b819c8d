import type { Pool } from 'pg'
import type { FaultView } from '@jackdaw/contract/faults.ts'
import type { MediaFacts, Receipt } from '@jackdaw/contract/nouns/asset.ts'
import type { JobState, Progress, StepKind } from '@jackdaw/contract/nouns/job.ts'
import type { Validators } from '@jackdaw/contract/nouns/media.ts'
import type { Limits } from '@jackdaw/contract/operations/queue.ts'

/** A step in the hands of a worker. */
export interface ClaimedStep {
  readonly id: string
  readonly job_id: string
  readonly account_id: string
  readonly kind: StepKind
  readonly engine: string
  readonly label: string
  readonly site: string
  readonly index: number
  readonly input: Readonly<Record<string, unknown>>
  readonly after: readonly string[]
  readonly attempt: number
  readonly tries: number
  readonly deaths: number
  readonly checkpoint: unknown
}

/** A step that a plan asks for; `id`s are given by whoever plans. */
export interface NewStep {
  readonly id: string
  readonly kind: StepKind
  readonly engine: string
  readonly label: string
  readonly site: string
  readonly index: number
  readonly input: Readonly<Record<string, unknown>>
  readonly after: readonly string[]
  readonly waits: number
  readonly optional: boolean
  readonly machine: string | null
  readonly checkpoint: unknown
}

/** A file that a step made, as a row to be. */
export interface MadeAsset {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly bytes: number
  readonly sha256: string
  readonly path: string
}

/** All that changes with a step that is done. */
export interface StepResult {
  readonly made?: readonly MadeAsset[]
  readonly output: readonly string[]
  readonly notes?: readonly { asset: string; facts: MediaFacts | null; thumbnail: string | null }[]
  readonly receipts?: readonly Receipt[]
  /** Assets that a destination keeps in the store. */
  readonly keep?: readonly string[]
  readonly plan?: readonly NewStep[]
  readonly title?: string
  readonly validators?: Validators | null
  readonly bytes?: number
  readonly progress?: Progress
}

/** What becomes of a step that a worker gives back; see `release` in the migration. */
export type ReleaseTo = 'retry' | 'later' | 'ready' | 'failed' | 'dead'

export interface NewJob {
  readonly id: string
  readonly step: string
  readonly link: { readonly kind: string; readonly text: string }
  readonly title: string
  readonly recipe: string
  readonly destinations: readonly string[]
  readonly options: object
  /** Sealed JobSecrets. */
  readonly sealed: string | null
  readonly originKey: string
  readonly wishKey: string
  readonly priority: number
  readonly category: string | null
  readonly site: string
}

/** The moves of the queue: each one round trip, one transaction (src/db/migrations/0002-queue.sql). */
export interface Queue {
  startJobs(account: string, batch: { id: string; strict: boolean } | undefined, jobs: readonly NewJob[]): Promise<void>
  /** How many steps were admitted; -1 when another process is just admitting. */
  admit(limits: Limits): Promise<number>
  claim(worker: string, machine: string, slots: Partial<Record<StepKind, number>>): Promise<ClaimedStep[]>
  /** The job's state afterwards; null when the step is no longer ours. */
  finish(step: ClaimedStep, result: StepResult): Promise<JobState | null>
  release(
    step: ClaimedStep,
    to: ReleaseTo,
    why?: { fault?: FaultView; readyAt?: Date; tries?: number },
  ): Promise<JobState | null>
  /** False when the step is no longer ours. A checkpoint is progress: deaths are forgotten. */
  save(step: ClaimedStep, checkpoint: unknown): Promise<boolean>
  /** Extends the leases of these steps and stores their progress. Returns those that are still ours, and what was asked of them. */
  renew(
    worker: string,
    steps: readonly { id: string; attempt: number; progress: Progress | undefined }[],
  ): Promise<Renewal[]>
  /** Undefined when another process is just sweeping. */
  sweep(deadly: FaultView): Promise<{ released: string[]; woken: number } | undefined>
  ask(job: string, what: 'pause' | 'resume' | 'cancel'): Promise<JobState | null>
  restart(job: string): Promise<JobState | null>
  prioritise(job: string, priority: number): Promise<void>
  move(job: string, to: 'next' | 'last' | { before: string }): Promise<boolean>
}

export interface Renewal {
  readonly id: string
  readonly attempt: number
  readonly asked: 'pause' | 'cancel' | null
}

export function createQueue(pool: Pool): Queue {
  // Named statements are parsed once per connection.
  const value = async <T>(name: string, text: string, values: unknown[]): Promise<T> =>
    (await pool.query<{ value: T }>({ name, text: `select ${text} as value`, values })).rows[0]?.value as T
  return {
    startJobs: (account, batch, jobs) =>
      value('start_jobs', 'start_jobs($1, $2, $3, $4)', [
        account,
        batch?.id ?? null,
        batch?.strict ?? false,
        JSON.stringify(jobs),
      ]),
    admit: (limits) => value('admit', 'admit($1)', [JSON.stringify(limits)]),
    claim: async (worker, machine, slots) =>
      (
        await pool.query<ClaimedStep>({
          name: 'claim',
          text: 'select * from claim($1, $2, $3)',
          values: [worker, machine, JSON.stringify(slots)],
        })
      ).rows,
    finish: (step, result) => value('finish', 'finish($1, $2, $3)', [step.id, step.attempt, JSON.stringify(result)]),
    release: (step, to, { fault, readyAt, tries } = {}) =>
      value('release', 'release($1, $2, $3, $4, $5, $6)', [
        step.id,
        step.attempt,
        to,
        fault ? JSON.stringify(fault) : null,
        readyAt ?? null,
        tries ?? null,
      ]),
    save: async (step, checkpoint) => {
      const { rowCount } = await pool.query({
        name: 'save',
        text: `update steps set checkpoint = $3, deaths = 0 where id = $1 and attempt = $2 and state = 'running'`,
        values: [step.id, step.attempt, JSON.stringify(checkpoint)],
      })
      return rowCount === 1
    },
    renew: async (worker, steps) =>
      (
        await pool.query<Renewal>({
          name: 'renew',
          text: `update steps s set lease_until = now() + interval '15 seconds', progress = coalesce(x.progress, s.progress)
            from jsonb_to_recordset($2::jsonb) as x(id text, attempt int, progress jsonb)
            where s.id = x.id and s.attempt = x.attempt and s.state = 'running' and s.worker = $1
            returning s.id, s.attempt, s.asked`,
          values: [worker, JSON.stringify(steps)],
        })
      ).rows,
    sweep: async (deadly) =>
      (await value<{ released: string[]; woken: number } | null>('sweep', 'sweep($1)', [JSON.stringify(deadly)])) ??
      undefined,
    ask: (job, what) => value('ask', 'ask($1, $2)', [job, what]),
    restart: (job) => value('restart', 'restart($1)', [job]),
    prioritise: (job, priority) => value('prioritise', 'prioritise($1, $2)', [job, priority]),
    move: (job, to) =>
      value('move', 'move_job($1, $2, $3)', [job, typeof to === 'object' ? to.before : null, to === 'next']),
  }
}

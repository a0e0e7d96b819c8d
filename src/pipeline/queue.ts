import type { Pool } from 'pg'
import type { FaultView } from '@jackdaw/contract/faults.ts'
import type { MediaFacts, Receipt } from '@jackdaw/contract/nouns/asset.ts'
import type { JobState, Progress, StepKind } from '@jackdaw/contract/nouns/job.ts'
import type { About, Media, Role, Validators } from '@jackdaw/contract/nouns/media.ts'
import type { Limits } from '@jackdaw/contract/operations/queue.ts'
import { errorCode } from '#db/fault.ts'
import { storableJson } from '#kernel/title.ts'
import { together } from './together.ts'

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
  readonly job: JobRow
}

/** What a step needs to know of its job, as it is stored. */
export interface JobRow {
  readonly link: unknown
  readonly title: string
  readonly recipe: string
  readonly destinations: readonly string[]
  readonly origin_key: string
  readonly options: unknown
  readonly sealed: string | null
  readonly about?: unknown
  /** Title of the list that it belongs to. */
  readonly list?: string | null
}

/** Names one attempt of a step: changes of any other attempt are refused. */
export type Fence = Pick<ClaimedStep, 'id' | 'attempt'>

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
  /** ISO time at which it begins by itself. */
  readonly readyAt?: string
}

/** A file that a step made, as a row to be. */
export interface MadeAsset {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly bytes: number
  readonly sha256: string
  readonly path: string
  readonly role?: Role
}

/** The entries of a list as jobs to be, and those that cannot be had. */
export interface NewList {
  readonly batch: NewBatch
  readonly jobs: readonly NewJob[]
  /** How many entries the far side has. */
  readonly inAll: number
  readonly skipped: readonly { readonly title: string; readonly reason: string }[]
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
  readonly about?: About
  /** Somebody is asked to choose: what is there, how many choices, and until when (ISO). */
  readonly asked?: { readonly media: Media; readonly choices: number; readonly until: string }
  readonly list?: NewList
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

export interface NewBatch {
  readonly id: string
  readonly name: string
  readonly strict: boolean
  readonly wishKey: string
}

/** The moves of the queue: each one round trip, one transaction (src/db/migrations/0002-queue.sql). */
export interface Queue {
  startJobs(account: string, batch: { id: string; strict: boolean } | undefined, jobs: readonly NewJob[]): Promise<void>
  /** Starts the job unless the same wish is open already; returns the id of the one that is open then. */
  startOnce(account: string, job: NewJob): Promise<string>
  /** The same for a list; of a strict one only the first job may begin. */
  startBatchOnce(account: string, batch: NewBatch, jobs: readonly NewJob[]): Promise<string>
  /** How many steps were admitted; -1 when another process is just admitting. */
  admit(limits: Limits): Promise<number>
  claim(worker: string, machine: string, slots: Partial<Record<StepKind, number>>): Promise<ClaimedStep[]>
  /** Admits and claims in one round trip; `admitted` as of `admit`. */
  take(
    worker: string,
    machine: string,
    slots: Partial<Record<StepKind, number>>,
    limits: Limits,
  ): Promise<{ admitted: number; steps: ClaimedStep[] }>
  /** The job's state afterwards; null when the step is no longer ours. Steps that finish at the same time share a transaction. */
  finish(step: Fence, result: StepResult): Promise<JobState | null>
  release(
    step: Fence,
    to: ReleaseTo,
    why?: { fault?: FaultView; readyAt?: Date; tries?: number },
  ): Promise<JobState | null>
  /** False when the step is no longer ours. A checkpoint is progress: deaths are forgotten. */
  save(step: Fence, checkpoint: unknown): Promise<boolean>
  /** Extends the leases of these steps and stores their progress. Returns those that are still ours, and what was asked of them. */
  renew(
    worker: string,
    steps: readonly { id: string; attempt: number; progress: Progress | undefined }[],
  ): Promise<Renewal[]>
  /** Undefined when another process is just sweeping. */
  sweep(deadly: FaultView): Promise<{ released: string[]; woken: number } | undefined>
  ask(job: string, what: 'pause' | 'resume' | 'cancel'): Promise<JobState | null>
  restart(job: string): Promise<JobState | null>
  /** False when the job does not wait for a choice. */
  choose(job: string, choice: string | undefined, items?: string): Promise<boolean>
  /** Asks the open jobs of a batch; returns their ids. */
  askBatch(batch: string, what: 'pause' | 'resume' | 'cancel'): Promise<string[]>
  /** Begins what failed of an ended list anew; the ids, or null when it is not an ended list. */
  restartList(job: string): Promise<string[] | null>
  prioritise(job: string, priority: number): Promise<void>
  move(job: string, to: 'next' | 'last' | { before: string }): Promise<boolean>
}

export interface Renewal {
  readonly id: string
  readonly attempt: number
  readonly asked: 'pause' | 'cancel' | null
}

interface Finished {
  readonly step: Fence
  readonly result: StepResult
}

export function createQueue(pool: Pool): Queue {
  // Named statements are parsed once per connection.
  const value = async <T>(name: string, text: string, values: unknown[]): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return (await pool.query<{ value: T }>({ name, text: `select ${text} as value`, values })).rows[0]?.value as T
      } catch (error) {
        // Two moves waited for each other, and this one was undone (SQLSTATE deadlock_detected).
        if (errorCode(error) !== '40P01' || tries >= 10) throw error
      }
    }
  }
  const finishOne = ({ step, result }: Finished) =>
    value<JobState | null>('finish', 'finish($1, $2, $3)', [step.id, step.attempt, storableJson(result)])
  const finishTogether = together<Finished, JobState | null>({
    one: finishOne,
    all: (items) => {
      const rows = items.map(({ step, result }) => ({ step: step.id, attempt: step.attempt, result }))
      return value('finish all', 'finish_all($1)', [storableJson(rows)])
    },
    most: 32,
  })
  return {
    startJobs: (account, batch, jobs) =>
      value('start_jobs', 'start_jobs($1, $2, $3, $4)', [
        account,
        batch?.id ?? null,
        batch?.strict ?? false,
        JSON.stringify(jobs),
      ]),
    startOnce: (account, job) => value('start_job_once', 'start_job_once($1, $2)', [account, JSON.stringify(job)]),
    startBatchOnce: (account, batch, jobs) =>
      value('start_batch_once', 'start_batch_once($1, $2, $3)', [account, JSON.stringify(batch), JSON.stringify(jobs)]),
    admit: (limits) => value('admit', 'admit($1)', [JSON.stringify(limits)]),
    claim: async (worker, machine, slots) =>
      (
        await pool.query<{ step: ClaimedStep }>({
          name: 'claim',
          text: 'select claim($1, $2, $3) as step',
          values: [worker, machine, JSON.stringify(slots)],
        })
      ).rows.map(({ step }) => step),
    take: (worker, machine, slots, limits) =>
      value('take', 'take($1, $2, $3, $4)', [worker, machine, JSON.stringify(slots), JSON.stringify(limits)]),
    // What is kept locks its digest until the commit: two transactions with several of those could wait for each other.
    finish: (step, result) =>
      result.keep && result.keep.length > 0 ? finishOne({ step, result }) : finishTogether({ step, result }),
    release: (step, to, { fault, readyAt, tries } = {}) =>
      value('release', 'release($1, $2, $3, $4, $5, $6)', [
        step.id,
        step.attempt,
        to,
        fault ? storableJson(fault) : null,
        readyAt ?? null,
        tries ?? null,
      ]),
    save: async (step, checkpoint) => {
      const { rowCount } = await pool.query({
        name: 'save',
        text: `update steps set checkpoint = $3, deaths = 0 where id = $1 and attempt = $2 and state = 'running'`,
        values: [step.id, step.attempt, storableJson(checkpoint)],
      })
      return rowCount === 1
    },
    renew: async (worker, steps) =>
      (
        await pool.query<Renewal>({
          name: 'renew',
          // Locked in the order of finish_all, so that the two never wait for each other.
          text: `with mine as materialized (
              select s.id, x.progress from jsonb_to_recordset($2::jsonb) as x(id text, attempt int, progress jsonb)
              join steps s on s.id = x.id and s.attempt = x.attempt and s.state = 'running' and s.worker = $1
              order by s.job_id, s.index for no key update of s
            )
            update steps s set lease_until = now() + interval '15 seconds', progress = coalesce(m.progress, s.progress)
            from mine m where s.id = m.id
            returning s.id, s.attempt, s.asked`,
          values: [worker, storableJson(steps)],
        })
      ).rows,
    sweep: async (deadly) =>
      (await value<{ released: string[]; woken: number } | null>('sweep', 'sweep($1)', [JSON.stringify(deadly)])) ??
      undefined,
    ask: (job, what) => value('ask', 'ask($1, $2)', [job, what]),
    restart: (job) => value('restart', 'restart($1)', [job]),
    choose: (job, choice, items) => value('choose', 'choose($1, $2, $3)', [job, choice ?? null, items ?? null]),
    askBatch: (batch, what) => value('ask_batch', 'ask_batch($1, $2)', [batch, what]),
    restartList: (job) => value('restart_list', 'restart_list($1)', [job]),
    prioritise: (job, priority) => value('prioritise', 'prioritise($1, $2)', [job, priority]),
    move: (job, to) =>
      value('move', 'move_job($1, $2, $3)', [job, typeof to === 'object' ? to.before : null, to === 'next']),
  }
}

import { withEventMeta } from '@orpc/server'
import type { Pool } from 'pg'
import { endedStates, type Job, type JobState } from '@jackdaw/contract/nouns/job.ts'
import { Fault } from '@jackdaw/contract/faults.ts'
import { ChoiceView, type Media } from '@jackdaw/contract/nouns/media.ts'
import { JobOptions, type JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import type { Wish } from '@jackdaw/contract/operations/jobs.ts'
import type { Bus } from '#kernel/bus.ts'
import { newId } from '#kernel/ids.ts'
import { isStorable } from '#kernel/title.ts'
import { choose } from '#pipeline/choose.ts'
import type { Processor } from '#pipeline/engine.ts'
import type { Queue } from '#pipeline/queue.ts'
import { checkSteps } from '#pipeline/recipes.ts'
import { watch } from '#pipeline/watch.ts'
import { asJob, batchKey, prepareWish, type PreparedWish } from '#pipeline/wish.ts'
import type { Caller } from '../access.ts'
import { os } from '../door.ts'
import { sinceOf } from '../watch.ts'
import { type Wants, withWants } from './rules.ts'
import { retryWith } from './retry.ts'
import { batchJobs, findJobs, jobDetail, listJobs, ownsBatch, wantsOf } from './store.ts'

export interface JobsPorts {
  readonly pool: Pool
  readonly queue: Queue
  readonly bus: Bus
  readonly seal: (secrets: JobSecrets, job: string) => string
  /** Throws a fault when there is no such destination or its place is not valid. */
  readonly checkDestination: (destination: string) => void
  readonly processors: readonly Processor[]
  readonly unseal: (sealed: string, job: string) => unknown
}

export function jobsOperations(ports: JobsPorts) {
  const { pool, queue, bus } = ports

  /** Whoever may see everything is not narrowed to an account. */
  const accountOf = (caller: Caller) =>
    caller.role === 'owner' || caller.role === 'admin' ? undefined : caller.account

  const theJob = async (id: string, caller: Caller): Promise<Job> => {
    const [job] = await findJobs(pool, [id])
    const account = accountOf(caller)
    if (!job || (account !== undefined && job.account !== account))
      throw new Fault('input.unknown', { noun: 'job', id })
    return job
  }

  /** What has ended has no place in a queue. */
  const openJob = async (id: string, caller: Caller): Promise<Job> => {
    const job = await theJob(id, caller)
    if (endedStates.includes(job.state)) throw new Fault('input.conflict', { reason: `the job ${id} is ${job.state}` })
    return job
  }

  /** Reads a wish, with what its account wants where the wish says nothing, and checks that all of it is there. */
  const prepare = (given: Wish, wants: Wants): PreparedWish => {
    const wish = withWants(given, wants)
    const prepared = prepareWish(wish)
    for (const destination of prepared.destinations) ports.checkDestination(destination)
    if (!wants.recipes.has(prepared.recipe)) throw new Fault('input.unknown', { noun: 'recipe', id: prepared.recipe })
    checkSteps(wish.options?.steps ?? [], ports.processors)
    return prepared
  }

  const announce = (jobs: readonly string[]) => {
    bus.publish({ kind: 'ready' })
    bus.publish({ kind: 'events', jobs })
  }

  /** Pause, resume or cancel: one update, then those who run it are told. What is asked of a list is asked of its entries. */
  const act = async (id: string, caller: Caller, what: 'pause' | 'resume' | 'cancel'): Promise<Job> => {
    const before = await theJob(id, caller)
    if (endedStates.includes(before.state) && before.state !== goal[what])
      throw new Fault('input.conflict', { reason: `the job is ${before.state}` })
    if (before.doing === 'cancelling' && what !== 'cancel')
      throw new Fault('input.conflict', { reason: 'the job is being cancelled' })
    const state = await queue.ask(id, what)
    const entries = before.list === undefined ? [] : await queue.askBatch(before.list, what)
    const jobs = [id, ...entries]
    if (what !== 'resume') bus.publish({ kind: 'asked', jobs })
    if (state === 'cancelled' || (what === 'cancel' && entries.length > 0)) bus.publish({ kind: 'ended', jobs })
    announce(jobs)
    return await theJob(id, caller)
  }

  const startMany = async (caller: Caller, wishes: readonly Wish[], name: string | undefined, strict: boolean) => {
    const wants = await wantsOf(pool, caller.account)
    const prepared = wishes.map((wish, index) => {
      try {
        return prepare(wish, wants)
      } catch (error) {
        throw error instanceof Fault
          ? new Fault('input.invalid', { reason: `line ${index + 1}: ${error.message}` })
          : error
      }
    })
    const key = batchKey(
      prepared.map((one) => one.wishKey),
      strict,
    )
    // Ids of one millisecond have no order among themselves; the order of the lines is theirs.
    const ids = prepared.map(() => newId()).sort()
    const jobs = prepared.map((one, index) => asJob(one, { id: ids[index] ?? newId(), step: newId() }, ports.seal))
    const wanted = { id: newId(), name: name ?? `${wishes.length} links`, strict, wishKey: key }
    const batch = await queue.startBatchOnce(caller.account, wanted, jobs)
    if (batch === wanted.id) announce(ids)
    return { batch, jobs: await batchJobs(pool, batch) }
  }

  const jobs = {
    start: os.jobs.start.handler(async ({ input, context: { caller } }) => {
      const wish = prepare(input, await wantsOf(pool, caller.account))
      const job = asJob(wish, { id: newId(), step: newId() }, ports.seal)
      const id = await queue.startOnce(caller.account, job)
      if (id === job.id) announce([id])
      return await theJob(id, caller)
    }),
    startMany: os.jobs.startMany.handler(({ input, context: { caller } }) =>
      startMany(caller, input.lines, input.name, input.strict),
    ),
    list: os.jobs.list.handler(async ({ input, context: { caller } }) => {
      const found = await listJobs(pool, { ...input, account: accountOf(caller), limit: input.limit + 1 })
      const page = found.slice(0, input.limit)
      return { jobs: page, next: found.length > input.limit ? (page.at(-1)?.id ?? null) : null }
    }),
    get: os.jobs.get.handler(async ({ input, context: { caller } }) => jobDetail(pool, await theJob(input.id, caller))),
    events: os.jobs.events.handler(async function* ({ input, context: { caller }, signal, lastEventId }) {
      await theJob(input.id, caller)
      const since = sinceOf(input.since, lastEventId) ?? 0
      for await (const event of watch({ pool, bus, job: input.id, since, signal, untilEnded: true }))
        yield event.seq === undefined ? event : withEventMeta(event, { id: String(event.seq) })
    }),
    pause: os.jobs.pause.handler(({ input, context: { caller } }) => act(input.id, caller, 'pause')),
    resume: os.jobs.resume.handler(({ input, context: { caller } }) => act(input.id, caller, 'resume')),
    cancel: os.jobs.cancel.handler(({ input, context: { caller } }) => act(input.id, caller, 'cancel')),
    retry: os.jobs.retry.handler(async ({ input: { id, ...changes }, context: { caller } }) => {
      const before = await theJob(id, caller)
      if (!endedStates.includes(before.state) || before.state === 'done')
        throw new Fault('input.conflict', { reason: `the job is ${before.state}` })
      // An admin begins it anew for whoever it belongs to.
      const wants = await wantsOf(pool, before.account)
      if (changes.recipe !== undefined && !wants.recipes.has(changes.recipe))
        throw new Fault('input.unknown', { noun: 'recipe', id: changes.recipe })
      checkSteps(changes.options?.steps ?? [], ports.processors)
      await retryWith(pool, id, changes, ports)
      const begun = before.list === undefined ? undefined : await queue.restartList(id)
      if (!begun) await queue.restart(id)
      announce([id, ...(begun ?? [])])
      return await theJob(id, caller)
    }),
    choices: os.jobs.choices.handler(async ({ input: { id }, context: { caller } }) => {
      const job = await theJob(id, caller)
      const { rows } = await pool.query<{ media: Media | null; options: unknown; until: Date | null }>(
        `select j.media, j.options, s.ready_at as until from jobs j
         left join steps s on s.job_id = j.id and s.engine = 'choose' and s.state in ('waiting', 'paused') where j.id = $1`,
        [id],
      )
      const [row] = rows
      if (!row?.media || !row.until) throw new Fault('input.conflict', { reason: 'the job waits for no choice' })
      const { choices = [], entries, entriesInAll } = row.media
      const fits = choose(choices, JobOptions.parse(row.options))
      return {
        title: job.title,
        ...(row.media.about && { about: row.media.about }),
        ...(entries && { entries: entries.slice(0, 1000), entriesInAll: entriesInAll ?? entries.length }),
        choices: choices.map((choice) => ChoiceView.parse(choice)),
        subtitles: (row.media.subtitles ?? []).map(({ language, automatic }) => ({ language, automatic })),
        ...(fits && { fits: { choice: fits.choice.id, why: fits.why } }),
        until: row.until.toISOString(),
      }
    }),
    choose: os.jobs.choose.handler(async ({ input: { id, choice, items }, context: { caller } }) => {
      await theJob(id, caller)
      if (!isStorable(choice)) throw new Fault('input.unknown', { noun: 'choice', id: choice?.replaceAll('\0', '') })
      const { rows } = await pool.query<{ known: boolean }>(
        `select $2::text is null or media -> 'choices' @> jsonb_build_array(jsonb_build_object('id', $2::text)) as known from jobs where id = $1`,
        [id, choice ?? null],
      )
      if (rows[0]?.known === false) throw new Fault('input.unknown', { noun: 'choice', id: choice })
      if (!(await queue.choose(id, choice, items)))
        throw new Fault('input.conflict', { reason: 'the job waits for no choice' })
      announce([id])
      return await theJob(id, caller)
    }),
    prioritise: os.jobs.prioritise.handler(async ({ input, context: { caller } }) => {
      await openJob(input.id, caller)
      await queue.prioritise(input.id, input.priority)
      announce([input.id])
      return await theJob(input.id, caller)
    }),
    move: os.jobs.move.handler(async ({ input, context: { caller } }) => {
      const job = await openJob(input.id, caller)
      const other = typeof input.to === 'object' ? await openJob(input.to.before, caller) : job
      if (other.account !== job.account)
        throw new Fault('input.conflict', { reason: 'the two jobs are in the queues of different accounts' })
      if (!(await queue.move(input.id, input.to)))
        throw new Fault('input.conflict', { reason: 'one of the two jobs has just ended' })
      announce([input.id])
      return await theJob(input.id, caller)
    }),
  }

  const batches = {
    get: os.batches.get.handler(async ({ input, context: { caller } }) => {
      const { rows } = await pool.query<{
        name: string
        strict: boolean
        created_at: Date
        totals: Partial<Record<JobState, number>> | null
      }>(
        `select b.name, b.strict, b.created_at,
           (select jsonb_object_agg(t.state, t.n) from (select state, count(*) n from jobs where batch_id = b.id group by state) t) as totals
         from batches b where b.id = $1 and ($2::text is null or b.account_id = $2)`,
        [input.id, accountOf(caller) ?? null],
      )
      const [row] = rows
      if (!row) throw new Fault('input.unknown', { noun: 'batch', id: input.id })
      return {
        id: input.id,
        name: row.name,
        strict: row.strict,
        totals: row.totals ?? {},
        createdAt: row.created_at.toISOString(),
      }
    }),
    retry: os.batches.retry.handler(async ({ input, context: { caller } }) => {
      if (!(await ownsBatch(pool, accountOf(caller), input.id)))
        throw new Fault('input.unknown', { noun: 'batch', id: input.id })
      const failed = await listJobs(pool, {
        account: accountOf(caller),
        batch: input.id,
        state: 'failed',
        limit: 10_000,
      })
      for (const { id } of failed.toReversed()) await queue.restart(id)
      announce(failed.map(({ id }) => id))
      return {
        jobs: await findJobs(
          pool,
          failed.map(({ id }) => id),
        ),
      }
    }),
  }
  return { jobs, batches }
}

const goal = { pause: 'paused', resume: 'running', cancel: 'cancelled' } as const

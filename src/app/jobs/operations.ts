import { withEventMeta } from '@orpc/server'
import type { Pool } from 'pg'
import { endedStates, type Job, type JobState } from '@jackdaw/contract/nouns/job.ts'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import type { Wish } from '@jackdaw/contract/operations/jobs.ts'
import type { Bus } from '#kernel/bus.ts'
import { newId } from '#kernel/ids.ts'
import { cleanTitle, isStorable } from '#kernel/title.ts'
import type { NewJob, Queue } from '#pipeline/queue.ts'
import { watch } from '#pipeline/watch.ts'
import type { Caller } from '../access.ts'
import { os } from '../door.ts'
import { sinceOf } from '../watch.ts'
import { batchKey, cleanLink, firstTitle, originKey, siteOf, wishKey } from './rules.ts'
import { batchJobs, findJobs, jobDetail, listJobs, ownsBatch } from './store.ts'

export interface JobsPorts {
  readonly pool: Pool
  readonly queue: Queue
  readonly bus: Bus
  readonly seal: (secrets: JobSecrets, job: string) => string
  /** Throws a fault when there is no such destination or its place is not valid. */
  readonly checkDestination: (destination: string) => void
  readonly recipes: readonly string[]
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

  const prepare = (wish: Wish): Omit<NewJob, 'id' | 'step' | 'sealed'> & { secrets: JobSecrets } => {
    const { link, secrets: inLink } = cleanLink(wish.link)
    if (!isStorable(wish)) throw new Fault('input.invalid', { reason: 'it contains characters that cannot be stored' })
    const secrets = { ...inLink, ...wish.secrets }
    const destinations = [...new Set(wish.destinations ?? ['library'])]
    for (const destination of destinations) ports.checkDestination(destination)
    const recipe = wish.recipe ?? 'default'
    if (!ports.recipes.includes(recipe)) throw new Fault('input.unknown', { noun: 'recipe', id: recipe })
    const origin = originKey(link, wish, secrets)
    return {
      link,
      secrets,
      title: (wish.options?.name !== undefined && cleanTitle(wish.options.name)) || firstTitle(link),
      recipe,
      destinations,
      options: wish.options ?? {},
      originKey: origin,
      wishKey: wishKey(origin, { ...wish, destinations }),
      priority: wish.priority ?? 0,
      category: wish.category ?? null,
      site: siteOf(link),
    }
  }

  const seal = ({ secrets, ...wish }: ReturnType<typeof prepare>, id: string): NewJob => ({
    ...wish,
    id,
    step: newId(),
    sealed: Object.keys(secrets).length === 0 ? null : ports.seal(secrets, id),
  })

  const announce = (jobs: readonly string[]) => {
    bus.publish({ kind: 'ready' })
    bus.publish({ kind: 'events', jobs })
  }

  /** Pause, resume, cancel or begin anew: one update, then those who run it are told. */
  const act = async (id: string, caller: Caller, what: 'pause' | 'resume' | 'cancel' | 'restart'): Promise<Job> => {
    const before = await theJob(id, caller)
    const ended = endedStates.includes(before.state)
    if (what === 'restart' ? !ended || before.state === 'done' : ended && before.state !== goal[what])
      throw new Fault('input.conflict', { reason: `the job is ${before.state}` })
    if (before.doing === 'cancelling' && what !== 'cancel')
      throw new Fault('input.conflict', { reason: 'the job is being cancelled' })
    const state = what === 'restart' ? await queue.restart(id) : await queue.ask(id, what)
    if (what === 'pause' || what === 'cancel') bus.publish({ kind: 'asked', jobs: [id] })
    if (state === 'cancelled') bus.publish({ kind: 'ended', jobs: [id] })
    announce([id])
    return await theJob(id, caller)
  }

  const startMany = async (caller: Caller, wishes: readonly Wish[], name: string | undefined, strict: boolean) => {
    const prepared = wishes.map((wish, index) => {
      try {
        return prepare(wish)
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
    const jobs = prepared.map((one, index) => seal(one, ids[index] ?? newId()))
    const wanted = { id: newId(), name: name ?? `${wishes.length} links`, strict, wishKey: key }
    const batch = await queue.startBatchOnce(caller.account, wanted, jobs)
    if (batch === wanted.id) announce(ids)
    return { batch, jobs: await batchJobs(pool, batch) }
  }

  const jobs = {
    start: os.jobs.start.handler(async ({ input, context: { caller } }) => {
      const wish = prepare(input)
      const job = seal(wish, newId())
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
    retry: os.jobs.retry.handler(({ input, context: { caller } }) => act(input.id, caller, 'restart')),
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

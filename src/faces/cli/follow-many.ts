import { setTimeout as sleep } from 'node:timers/promises'
import type { Event } from '@jackdaw/contract/events.ts'
import { type Job, type JobDetail, endedStates } from '@jackdaw/contract/nouns/job.ts'
import { isPassing } from './faults.ts'
import { type FollowHow, ends, follow, followJob } from './follow.ts'
import type { Client } from './host.ts'

/** Up to this many jobs have a stream each, with everything replayed; more share the stream of the house. */
const ownStreams = 8

export interface Started {
  readonly jobs: readonly Job[]
  readonly batch?: string
}

export interface FollowManyHow extends FollowHow {
  started(jobs: readonly Job[]): void
  /** The link of a job was a list: these are the jobs of its entries, followed from here on. */
  expanded(list: Job, jobs: readonly Job[]): void
  ended(job: JobDetail): void
  /** How often all jobs are looked at, in case an event was missed. */
  readonly lookMs?: number
}

/** Starts jobs and follows all of them, and those of the lists among them, to their end. */
export async function followMany(
  client: Client,
  count: number,
  start: () => Promise<Started>,
  how: FollowManyHow,
): Promise<void> {
  if (count > ownStreams) return followTogether(client, start, how)
  const { jobs } = await start()
  how.started(jobs)
  // A link that was given twice is one job.
  const ids = [...new Set(jobs.map((job) => job.id))]
  await Promise.all(ids.map((id) => followAlone(client, id, how)))
}

async function followAlone(client: Client, id: string, how: FollowManyHow): Promise<void> {
  const lists = new Map<string, Promise<void>>()
  const open = (batch: string) => {
    if (lists.has(batch)) return
    const following = followList(client, id, batch, how)
    // What it throws is thrown below, when everybody waits for it.
    following.catch(() => undefined)
    lists.set(batch, following)
  }
  const event = (event: Event) => {
    how.watcher.event(event)
    if (event.type === 'job.expanded') open(event.data.batch)
  }
  const job = await followJob(client, id, { ...how, watcher: { ...wrap(how), event } })
  if (job.list !== undefined) open(job.list)
  await Promise.all(lists.values())
  how.ended(job)
}

async function followList(client: Client, id: string, batch: string, how: FollowManyHow): Promise<void> {
  let list: Job | undefined
  const start = async () => {
    const job = await client.jobs.get({ id }, { signal: how.signal })
    // The replay of a job that was retried tells of lists that are no longer its own.
    if (job.list !== batch) return { jobs: [] }
    list = job
    return { jobs: await jobsOf(client, batch, how.signal), batch }
  }
  const started = (jobs: readonly Job[]) => {
    if (list !== undefined) how.expanded(list, jobs)
  }
  await followTogether(client, start, { ...how, started })
}

async function followTogether(client: Client, start: () => Promise<Started>, how: FollowManyHow): Promise<void> {
  const over = new AbortController()
  const signal = AbortSignal.any([how.signal, over.signal])
  const open = new Set<string>()
  /** Batches whose jobs are followed. */
  const batches = new Set<string>()
  /** Lists whose jobs are not looked up yet: the batch, and the job that it belongs to. */
  const lists = new Map<string, string>()
  // The stream is opened before the jobs are started, so that their first events are not missed.
  let early: Event[] | undefined = []
  const settling: string[] = []
  const take = (event: Event) => {
    if (early !== undefined) early.push(event)
    else if (event.job !== undefined && open.has(event.job)) {
      how.watcher.event(event)
      if (event.type === 'job.expanded') lists.set(event.data.batch, event.job)
      if (ends(event)) settling.push(event.job)
    }
  }
  const expand = async () => {
    for (const [batch, id] of lists) {
      if (batches.has(batch)) {
        lists.delete(batch)
        continue
      }
      const list = await lookAt(client, id, signal)
      const jobs = list && (await passing(signal, () => jobsOf(client, batch, signal)))
      // A house that is away answers later.
      if (list === undefined || jobs === undefined) continue
      lists.delete(batch)
      if (list.list !== batch) continue
      batches.add(batch)
      for (const job of jobs) open.add(job.id)
      how.expanded(list, jobs)
      settling.push(...jobs.filter((job) => endedStates.includes(job.state)).map((job) => job.id))
    }
  }
  const settle = async () => {
    await expand()
    for (let id = settling.shift(); id !== undefined; id = settling.shift()) {
      if (!open.has(id)) continue
      const job = await lookAt(client, id, signal)
      // A house that is away answers later: the next look at all jobs finds this one again.
      if (job === undefined || !endedStates.includes(job.state)) continue
      if (job.list !== undefined && !batches.has(job.list)) {
        lists.set(job.list, id)
        await expand()
        if (lists.has(job.list)) continue
      }
      if (open.delete(id)) how.ended(job)
    }
    return open.size === 0 && early === undefined
  }
  let settled: Promise<boolean> = Promise.resolve(false)
  // One after the other, so that no job is told of twice.
  const settleInTurn = () => (settled = settled.then(settle))
  const tells = (event: Event) => ends(event) || event.type === 'job.expanded'

  const opened = Promise.withResolvers<void>()
  const stream = follow(
    async (since) => {
      const input = since === undefined ? {} : { since }
      const resume = since === undefined ? {} : { lastEventId: String(since) }
      const events = await client.queue.events(input, { signal, ...resume })
      opened.resolve()
      return events
    },
    { ...how, signal, watcher: { ...wrap(how), event: take } },
    { seen: (event) => (tells(event) ? settleInTurn() : Promise.resolve(false)), closed: settleInTurn },
  )
  const looking = (async () => {
    await Promise.race([opened.promise, stream])
    const { jobs, batch } = await start()
    for (const job of jobs) open.add(job.id)
    if (batch !== undefined) batches.add(batch)
    how.started(jobs)
    const waiting = early ?? []
    early = undefined
    for (const event of waiting) take(event)
    settling.push(...jobs.filter((job) => endedStates.includes(job.state)).map((job) => job.id))
    while (!(await settleInTurn())) {
      await sleep(how.lookMs ?? 3000, undefined, { signal })
      settling.push(...(await endedOf(client, batches, open, lists, signal)))
    }
  })()
  try {
    await Promise.race([looking, stream.then(() => undefined)])
  } finally {
    over.abort()
    await Promise.allSettled([looking, stream])
  }
}

const lookAt = (client: Client, id: string, signal: AbortSignal): Promise<JobDetail | undefined> =>
  passing(signal, () => client.jobs.get({ id }, { signal }))

/** Undefined when the house is away for a while. */
async function passing<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (signal.aborted || !isPassing(error)) throw error
    return undefined
  }
}

/** The jobs of a batch in its order. */
async function jobsOf(client: Client, batch: string, signal: AbortSignal): Promise<Job[]> {
  const jobs: Job[] = []
  for (let before: string | null | undefined; before !== null;) {
    const more = before === undefined ? {} : { before }
    const page: { jobs: Job[]; next: string | null } = await client.jobs.list(
      { batch, limit: 1000, ...more },
      { signal },
    )
    jobs.push(...page.jobs)
    before = page.next
  }
  return jobs.toSorted((a, b) => (a.batch?.index ?? 0) - (b.batch?.index ?? 0))
}

/** Ids of open jobs that have ended meanwhile; lists among them that nobody has told of are added to `lists`. */
async function endedOf(
  client: Client,
  batches: ReadonlySet<string>,
  open: ReadonlySet<string>,
  lists: Map<string, string>,
  signal: AbortSignal,
): Promise<string[]> {
  if (batches.size === 0) return [...open]
  const found = await passing(signal, async () => {
    const jobs: Job[] = []
    for (const batch of batches) jobs.push(...(await jobsOf(client, batch, signal)))
    return jobs.filter((job) => open.has(job.id))
  })
  // A house that is away answers later.
  if (found === undefined) return []
  for (const job of found) if (job.list !== undefined && !batches.has(job.list)) lists.set(job.list, job.id)
  return found.filter((job) => endedStates.includes(job.state)).map((job) => job.id)
}

function wrap({ watcher }: FollowHow): Pick<FollowHow['watcher'], 'broken' | 'mended'> {
  return { broken: (says) => watcher.broken(says), mended: () => watcher.mended() }
}

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
  ended(job: JobDetail): void
  /** How often all jobs are looked at, in case an event was missed. */
  readonly lookMs?: number
}

/** Starts jobs and follows all of them to their end. */
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
  await Promise.all(ids.map(async (id) => how.ended(await followJob(client, id, how))))
}

async function followTogether(client: Client, start: () => Promise<Started>, how: FollowManyHow): Promise<void> {
  const over = new AbortController()
  const signal = AbortSignal.any([how.signal, over.signal])
  const open = new Set<string>()
  // The stream is opened before the jobs are started, so that their first events are not missed.
  let early: Event[] | undefined = []
  const settling: string[] = []
  const take = (event: Event) => {
    if (early !== undefined) early.push(event)
    else if (event.job !== undefined && open.has(event.job)) {
      how.watcher.event(event)
      if (ends(event)) settling.push(event.job)
    }
  }
  const settle = async () => {
    for (let id = settling.shift(); id !== undefined; id = settling.shift()) {
      if (!open.has(id)) continue
      const job = await lookAt(client, id, signal)
      // A house that is away answers later: the next look at all jobs finds this one again.
      if (job !== undefined && endedStates.includes(job.state) && open.delete(id)) how.ended(job)
    }
    return open.size === 0 && early === undefined
  }
  let settled: Promise<boolean> = Promise.resolve(false)
  // One after the other, so that no job is told of twice.
  const settleInTurn = () => (settled = settled.then(settle))

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
    { seen: (event) => (ends(event) ? settleInTurn() : Promise.resolve(false)), closed: settleInTurn },
  )
  const looking = (async () => {
    await Promise.race([opened.promise, stream])
    const { jobs, batch } = await start()
    for (const job of jobs) open.add(job.id)
    how.started(jobs)
    const waiting = early ?? []
    early = undefined
    for (const event of waiting) take(event)
    settling.push(...jobs.filter((job) => endedStates.includes(job.state)).map((job) => job.id))
    while (!(await settleInTurn())) {
      await sleep(how.lookMs ?? 3000, undefined, { signal })
      settling.push(...(await endedOf(client, batch, open, signal)))
    }
  })()
  try {
    await Promise.race([looking, stream.then(() => undefined)])
  } finally {
    over.abort()
    await Promise.allSettled([looking, stream])
  }
}

async function lookAt(client: Client, id: string, signal: AbortSignal): Promise<JobDetail | undefined> {
  try {
    return await client.jobs.get({ id }, { signal })
  } catch (error) {
    if (signal.aborted || !isPassing(error)) throw error
    return undefined
  }
}

/** Ids of open jobs that have ended meanwhile. A house that is away answers later. */
async function endedOf(
  client: Client,
  batch: string | undefined,
  open: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<string[]> {
  if (batch === undefined) return [...open]
  const ended: string[] = []
  try {
    for (let before: string | null | undefined; before !== null;) {
      const more = before === undefined ? {} : { before }
      const page: { jobs: Job[]; next: string | null } = await client.jobs.list(
        { batch, limit: 1000, ...more },
        { signal },
      )
      ended.push(...page.jobs.filter((job) => open.has(job.id) && endedStates.includes(job.state)).map((job) => job.id))
      before = page.next
    }
  } catch (error) {
    if (signal.aborted || !isPassing(error)) throw error
  }
  return ended
}

function wrap({ watcher }: FollowHow): Pick<FollowHow['watcher'], 'broken' | 'mended'> {
  return { broken: (says) => watcher.broken(says), mended: () => watcher.mended() }
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Event } from '@jackdaw/contract/events.ts'
import { Fault } from '@jackdaw/contract/faults.ts'
import { type JobDetail, endedStates } from '@jackdaw/contract/nouns/job.ts'
import { isPassing } from './faults.ts'
import type { Client } from './host.ts'

export interface Watcher {
  event(event: Event): void
  /** The connection broke, and is being mended. */
  broken(says: string): void
  mended(): void
}

export interface FollowHow {
  readonly watcher: Watcher
  readonly signal: AbortSignal
  /** How long a server may be away (a restart) before we give up. */
  readonly patienceMs?: number
}

/**
 * Follows one job from its first event to its end, over broken connections and restarts of the server: it is asked from a
 * little before the last event that was seen, and what comes twice is dropped. Throws `house.unreachable` when patience ends.
 */
export async function followJob(client: Client, id: string, how: FollowHow): Promise<JobDetail> {
  const look = async () => {
    const job = await client.jobs.get({ id }, { signal: how.signal })
    return endedStates.includes(job.state) ? job : undefined
  }
  let end: JobDetail | undefined
  const subscribe = (since: number | undefined) =>
    client.jobs.events({ id, since: since ?? 0 }, { signal: how.signal, ...resume(since) })
  await follow(subscribe, how, {
    // The replay of a job that was retried holds an older end: only the job itself knows.
    seen: async (event) => (ends(event) ? (end = await look()) !== undefined : false),
    closed: async () => (end = await look()) !== undefined,
  })
  if (end === undefined) throw new Fault('house.bug')
  return end
}

/**
 * Keeps a stream of events alive until `seen` or `closed` answers true. `seen` is asked after each event, `closed` when the
 * server ended the stream by itself.
 */
export async function follow(
  subscribe: (since: number | undefined) => Promise<AsyncIterable<Event>>,
  how: FollowHow,
  done: { seen(event: Event): Promise<boolean>; closed(): Promise<boolean> },
): Promise<void> {
  const patienceMs = how.patienceMs ?? 120_000
  let last: number | undefined
  const seen = new Set<number>()
  let brokenAt: number | undefined
  let pauseMs = firstPauseMs
  for (;;) {
    how.signal.throwIfAborted()
    let openedAt: number | undefined
    try {
      const stream = await subscribe(last === undefined ? undefined : Math.max(0, last - overlap))
      openedAt = performance.now()
      if (brokenAt !== undefined) {
        how.watcher.mended()
        // What was seen last may have been the end, and nothing comes after an end.
        if (await done.closed()) return
      }
      for await (const event of untilAborted(stream, how.signal)) {
        brokenAt = undefined
        pauseMs = firstPauseMs
        if (event.seq !== undefined) {
          if (seen.has(event.seq)) continue
          seen.add(event.seq)
          last = Math.max(last ?? 0, event.seq)
          if (seen.size > overlap * 4) for (const seq of seen) if (seq < last - overlap * 2) seen.delete(seq)
        }
        how.watcher.event(event)
        if (await done.seen(event)) return
      }
      if (await done.closed()) return
    } catch (error) {
      how.signal.throwIfAborted()
      if (!isPassing(error)) throw error
      const heldMs = openedAt === undefined ? 0 : performance.now() - openedAt
      if (brokenAt === undefined || heldMs > steadyMs) {
        brokenAt = performance.now()
        pauseMs = firstPauseMs
        const says = error instanceof Fault ? error.message : 'The connection to the house broke.'
        how.watcher.broken(`${says} Waiting for it.`)
      }
      if (performance.now() - brokenAt > patienceMs) {
        if (error instanceof Fault) throw error
        const reason = `no answer for ${Math.round(patienceMs / 1000)} seconds`
        throw new Fault('house.unreachable', { reason }, { cause: error })
      }
    }
    await sleep(pauseMs, undefined, { signal: how.signal })
    pauseMs = Math.min(pauseMs * 2, 3000)
  }
}

const firstPauseMs = 100
/** Transactions may commit in another order than they drew their numbers: an event that comes late has a lower one. */
const overlap = 200
/** A stream that was open for this long was a working one, even if nothing came. */
const steadyMs = 5000

/** The same events; an abort ends the wait at once, whether or not the other side notices it. */
async function* untilAborted(stream: AsyncIterable<Event>, signal: AbortSignal): AsyncGenerator<Event> {
  const events = stream[Symbol.asyncIterator]()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  aborted.catch(() => undefined)
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    for (;;) {
      const { done, value } = await Promise.race([events.next(), aborted])
      if (done) return
      yield value
    }
  } finally {
    signal.removeEventListener('abort', stop)
    // Not awaited: a generator that waits for its next event answers only after it.
    events.return?.().then(undefined, () => undefined)
  }
}

export function ends(event: Event): boolean {
  return event.type === 'job.done' || event.type === 'job.failed' || event.type === 'job.cancelled'
}

const resume = (since: number | undefined) => (since === undefined ? {} : { lastEventId: String(since) })

import type { Pool } from 'pg'
import type { Event } from '@jackdaw/contract/events.ts'
import type { Bus } from '#kernel/bus.ts'

export interface WatchHow {
  readonly pool: Pool
  readonly bus: Bus
  /** Only this job; all jobs when absent. */
  readonly job?: string
  /** Only what this account may see. */
  readonly account?: string
  /** Replays what came after this sequence number; 0 replays everything, undefined nothing. */
  readonly since: number | undefined
  readonly signal?: AbortSignal | undefined
  /** For a job: the watch ends with the event that ends it. */
  readonly untilEnded?: boolean
}

interface Row {
  readonly seq: number
  readonly type: string
  readonly job_id: string | null
  readonly at: Date
  readonly data: unknown
}

const page = 500
// Two transactions may commit in another order than they drew their numbers. Looking back this far finds the later one;
// a transaction of ours that takes longer than 200 others do not exist.
const lookBack = 200
// Whoever missed a wake looks again by itself.
const lookAgainMs = 2_000

/**
 * Durable events from the database, in order, then as they come; volatile ones in between, only the newest of each step.
 * Holds at most a page of events and one of each running step, however slowly it is read.
 */
export async function* watch(how: WatchHow): AsyncGenerator<Event, void, void> {
  const { pool, bus, job, account, signal } = how
  const volatile = new Map<string, Event>()
  let wake: (() => void) | undefined
  let woken = true
  const unsubscribe = bus.subscribe((message) => {
    if (message.kind === 'events') {
      if (job !== undefined && message.jobs.length > 0 && !message.jobs.includes(job)) return
      woken = true
    } else if (message.kind === 'volatile') {
      if (job !== undefined && message.job !== job) return
      const event = message.event as Event
      volatile.set('step' in event.data ? event.data.step : event.type, event)
    } else return
    wake?.()
  })
  const stop = () => wake?.()
  signal?.addEventListener('abort', stop)
  const timer = setInterval(() => {
    woken = true
    wake?.()
  }, lookAgainMs)
  try {
    let last = how.since ?? (await newest(pool))
    const floor = last
    const seen = new Set<number>()
    for (;;) {
      if (signal?.aborted) return
      if (woken) {
        woken = false
        const from = Math.max(floor, last - lookBack)
        const rows = await read(pool, { job, account, from })
        for (const [index, row] of rows.entries()) {
          if (seen.has(row.seq)) continue
          seen.add(row.seq)
          last = Math.max(last, row.seq)
          yield toEvent(row)
          // A job that was begun anew has an end in its history that is not the last word.
          const lastWord = index === rows.length - 1 && rows.length < page
          if (how.untilEnded && lastWord && /^job\.(done|failed|cancelled)$/.test(row.type)) return
        }
        if (rows.length === page) woken = true
        for (const seq of seen) if (seq < last - lookBack * 2) seen.delete(seq)
        continue
      }
      const [next] = volatile
      if (next) {
        volatile.delete(next[0])
        yield next[1]
        continue
      }
      await new Promise<void>((resolve) => {
        wake = resolve
        if (woken || volatile.size > 0 || signal?.aborted) resolve()
      })
      wake = undefined
    }
  } finally {
    clearInterval(timer)
    signal?.removeEventListener('abort', stop)
    unsubscribe()
  }
}

async function newest(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ seq: number }>('select coalesce(max(seq), 0) as seq from events')
  return rows[0]?.seq ?? 0
}

async function read(
  pool: Pool,
  of: { job: string | undefined; account: string | undefined; from: number },
): Promise<Row[]> {
  const { rows } = await pool.query<Row>({
    name: 'events',
    text: `select seq, type, job_id, at, data from events
      where seq > $1 and ($2::text is null or job_id = $2) and ($3::text is null or account_id = $3) order by seq limit $4`,
    values: [of.from, of.job ?? null, of.account ?? null, page],
  })
  return rows
}

/** Rows are written by our own transactions, so their data has the form of its type. */
function toEvent({ seq, type, job_id, at, data }: Row): Event {
  return { type, seq, at: at.toISOString(), ...(job_id !== null && { job: job_id }), data } as Event
}

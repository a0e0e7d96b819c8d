import type { Pool } from 'pg'
import type { Event } from '@jackdaw/contract/events.ts'
import type { Bus } from '#kernel/bus.ts'
import { openHorizon } from './horizon.ts'

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
// Whoever missed a wake looks again by itself.
const lookAgainMs = 2_000
// An event whose predecessor is not committed yet is held back; transactions take milliseconds.
const heldBackMs = 20
// A reader that stands still while many steps come and go keeps the newest of these.
const mostVolatile = 1_000

/**
 * Durable events from the database, in the order of their sequence numbers and without a gap, then as they come; volatile
 * ones in between, only the newest of each step. Holds at most a page of the ones and a thousand of the others, however
 * slowly it is read.
 */
export async function* watch(how: WatchHow): AsyncGenerator<Event, void, void> {
  const { pool, job, account, signal } = how
  const ear = listenTo(how)
  try {
    const horizon = await openHorizon(pool, how.since)
    let last = how.since ?? horizon.at
    let ended = false
    for (;;) {
      if (signal?.aborted) return
      if (ear.heard()) {
        if (!(await horizon.advance())) ear.lookAgain(heldBackMs)
        let rows: Row[]
        do {
          rows = await read(pool, { job, account, from: last, to: horizon.at })
          for (const row of rows) {
            last = row.seq
            const event = toEvent(row)
            // What is known of a step's progress is older than its end.
            if ('step' in event.data && event.type !== 'step.started') ear.forget(event.data.step)
            ended = /^job\.(done|failed|cancelled)$/.test(row.type)
            yield event
          }
        } while (rows.length === page)
        // A job that was begun anew has an end in its history that is not the last word.
        if (how.untilEnded && job !== undefined && (ended || (await isOver(pool, job, last)))) return
        continue
      }
      const event = ear.volatile()
      if (event) yield event
      else await ear.hears()
    }
  } finally {
    ear[Symbol.dispose]()
  }
}

/** What the bus says that concerns a watch. */
function listenTo({ bus, job, account, signal }: WatchHow) {
  const volatile = new Map<string, Event>()
  let heard = true
  let wake: (() => void) | undefined
  const listen = () => {
    heard = true
    wake?.()
  }
  const stop = () => wake?.()
  const unsubscribe = bus.subscribe((message) => {
    if (message.kind === 'events') {
      if (job === undefined || message.jobs.length === 0 || message.jobs.includes(job)) listen()
    } else if (message.kind === 'volatile') {
      if (job !== undefined ? message.job !== job : account !== undefined && message.account !== account) return
      const event = message.event as Event // Made by `report` of a Run, here or in another process of this version.
      const key = 'step' in event.data ? event.data.step : event.type
      volatile.delete(key)
      volatile.set(key, event)
      if (volatile.size > mostVolatile) volatile.delete(volatile.keys().next().value ?? '')
      wake?.()
    }
  })
  signal?.addEventListener('abort', stop)
  const timer = setInterval(listen, lookAgainMs)
  const soon = new Set<NodeJS.Timeout>()
  return {
    heard() {
      const now = heard
      heard = false
      return now
    },
    lookAgain(ms: number) {
      const timeout = setTimeout(() => {
        soon.delete(timeout)
        listen()
      }, ms)
      soon.add(timeout)
    },
    volatile() {
      const [next] = volatile
      if (next) volatile.delete(next[0])
      return next?.[1]
    },
    forget: (step: string) => volatile.delete(step),
    async hears() {
      await new Promise<void>((resolve) => {
        wake = resolve
        if (heard || volatile.size > 0 || signal?.aborted) resolve()
      })
      wake = undefined
    },
    [Symbol.dispose]() {
      clearInterval(timer)
      for (const timeout of soon) clearTimeout(timeout)
      signal?.removeEventListener('abort', stop)
      unsubscribe()
    },
  }
}

/** Whether nothing will come any more: the job has ended and its last event was read, perhaps before this watch. */
async function isOver(pool: Pool, job: string, last: number): Promise<boolean> {
  const { rows } = await pool.query({
    name: 'watched job is over',
    text: `select from jobs j where j.id = $1 and j.state in ('done', 'failed', 'cancelled')
      and not exists (select 1 from events e where e.job_id = j.id and e.seq > $2)`,
    values: [job, last],
  })
  return rows.length > 0
}

async function read(
  pool: Pool,
  of: { job: string | undefined; account: string | undefined; from: number; to: number },
): Promise<Row[]> {
  if (of.from >= of.to) return []
  const { rows } = await pool.query<Row>({
    name: 'events',
    text: `select seq, type, job_id, at, data from events
      where seq > $1 and seq <= $2 and ($3::text is null or job_id = $3) and ($4::text is null or account_id = $4)
      order by seq limit $5`,
    values: [of.from, of.to, of.job ?? null, of.account ?? null, page],
  })
  return rows
}

/** Rows are written by our own transactions, so their data has the form of its type. */
function toEvent({ seq, type, job_id, at, data }: Row): Event {
  return { type, seq, at: at.toISOString(), ...(job_id !== null && { job: job_id }), data } as Event
}

import type { Pool } from 'pg'
import { forget } from '#app/idempotency.ts'
import type { Db } from '#db/open.ts'
import type { Tables } from '#db/tables.ts'
import type { Log } from '#kernel/log.ts'

export interface ChoresPorts {
  readonly db: Db<Tables>
  readonly pool: Pool
  readonly log: Pick<Log, 'info' | 'warn'>
  /** Days for which events and the steps of ended jobs are kept. */
  readonly days: () => number
}

/** What was removed, by kind. */
export interface Tidied {
  readonly events: number
  readonly steps: number
  readonly workers: number
  readonly children: number
  readonly answers: number
}

// Nothing here is urgent; an hour keeps each round small.
const everyMs = 3_600_000
// One statement's worth: locks stay short, and somebody else's query comes between.
const atOnce = 5_000
// The lock's number beside those of the queue (src/db/migrations/0002-queue.sql).
const lock = [7236, 4] as const

/** The role `scheduler`: keeps the tables small, at the start and every hour, by one process at a time. */
export function startChores(ports: ChoresPorts): AsyncDisposable {
  const stop = new AbortController()
  let work: Promise<unknown> = Promise.resolve()
  const round = () => {
    work = work
      .then(() => tidy(ports, stop.signal))
      .then((tidied) => {
        if (tidied && Object.values(tidied).some((rows) => rows > 0)) ports.log.info({ ...tidied }, 'old rows removed')
      })
      .catch((error: unknown) => ports.log.warn({ err: error }, 'old rows could not be removed'))
  }
  const timer = setInterval(round, everyMs)
  round()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      stop.abort()
      await work
    },
  }
}

/**
 * One round: events and steps of ended jobs past their days (the first step of a job stays, so that it can be begun anew),
 * answers to requests that nobody will repeat, workers not seen for a week, and programs of steps that have ended
 * (where a worker fell silent they stay: whoever starts on that machine looks for them).
 * Undefined when another process is just doing it.
 */
export async function tidy(ports: ChoresPorts, signal?: AbortSignal): Promise<Tidied | undefined> {
  const { db, pool } = ports
  const days = ports.days()
  // The lock belongs to this connection and goes with it, also when the process is killed.
  const client = await pool.connect()
  let sound = false
  try {
    const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1, $2) as mine', [...lock])
    if (rows[0]?.mine !== true) {
      sound = true
      return undefined
    }
    const untilNone = async (text: string) => {
      let removed = 0
      for (;;) {
        const { rowCount } = await client.query(text, [days, atOnce])
        removed += rowCount ?? 0
        if ((rowCount ?? 0) < atOnce || signal?.aborted) return removed
      }
    }
    const events = await untilNone(`
      with oldest as (select seq, at from events order by seq limit $2)
      delete from events e using oldest o where e.seq = o.seq and o.at < now() - make_interval(days => $1)`)
    const steps = await untilNone(`
      delete from steps where id in (
        select s.id from jobs j join steps s on s.job_id = j.id and s.kind <> 'resolve'
        where j.state in ('done', 'failed', 'cancelled') and j.ended_at < now() - make_interval(days => $1) limit $2)`)
    const answers = await forget(db)
    const gone = await client.query(`delete from workers where seen_at < now() - interval '7 days'`)
    const children = await client.query(`
      delete from children c where not exists (select 1 from workers w where w.machine = c.machine and w.seen_at < now() - interval '1 minute')
        and not exists (select 1 from steps s where s.id = c.step_id and s.attempt = c.attempt and s.state = 'running')`)
    await client.query('select pg_advisory_unlock($1, $2)', [...lock])
    sound = true
    return { events, steps, workers: gone.rowCount ?? 0, children: children.rowCount ?? 0, answers }
  } finally {
    // A connection that may still hold the lock is closed.
    client.release(!sound)
  }
}

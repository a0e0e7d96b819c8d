import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { Tables } from '#db/tables.ts'
import type { QueueCounts } from './rules.ts'

/** Workers renew their row every few seconds; one that has been silent for this long is gone. */
const silentFor = '20 seconds'

export async function ping(db: Kysely<Tables>): Promise<void> {
  await sql`select 1`.execute(db)
}

export async function countQueue(db: Kysely<Tables>): Promise<Omit<QueueCounts, 'paused'>> {
  const { rows } = await sql<{ ready: number; running: number; oldest: number | null }>`select
    (select count(*)::int from steps where state = 'ready' and ready_at <= now()) as ready,
    (select count(*)::int from steps where state in ('admitted', 'running')) as running,
    (select extract(epoch from now() - min(ready_at))::float8 from steps where state = 'ready' and ready_at <= now())
      as oldest`.execute(db)
  return { ready: rows[0]?.ready ?? 0, running: rows[0]?.running ?? 0, oldestSeconds: rows[0]?.oldest ?? 0 }
}

export async function countWorkers(db: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from workers
    where seen_at > now() - ${silentFor}::interval and 'worker' = any (roles)`.execute(db)
  return rows[0]?.n ?? 0
}

/** Jobs by state and steps by kind and state; only steps that have not ended, ended ones are history. */
export async function countWork(db: Kysely<Tables>): Promise<{
  readonly jobs: readonly { state: string; n: number }[]
  readonly steps: readonly { kind: string; state: string; n: number }[]
}> {
  const jobs = await sql<{
    state: string
    n: number
  }>`select state, count(*)::int as n from jobs group by state`.execute(db)
  const steps = await sql<{ kind: string; state: string; n: number }>`select kind, state, count(*)::int as n from steps
    where state in ('waiting', 'ready', 'admitted', 'running', 'paused') group by kind, state`.execute(db)
  return { jobs: jobs.rows, steps: steps.rows }
}

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pool } from 'pg'
import type { Bus } from '#kernel/bus.ts'

export interface ScratchPorts {
  readonly pool: Pool
  readonly bus: Bus
  /** Scratch folder of this machine. */
  readonly root: string
  /** Folder of the credential files of attempts on this machine. */
  readonly secrets?: string
  readonly failed: (error: unknown) => void
}

/** What a failed job has fetched waits this long for somebody to try again. */
const failedKeptFor = '24 hours'
// A worker may be killed between the end of a job and the tidying up.
const sweepEveryMs = 60_000

/** Removes the scratch folders of jobs that have ended: at once when it hears of it, and what it missed at start and every minute. */
export function keepScratchClean({ pool, bus, root, secrets, failed }: ScratchPorts): AsyncDisposable {
  let work: Promise<unknown> = Promise.resolve()
  let waiting: string[] = []
  // Jobs that end while others are cleaned up are looked at together.
  const clean = (jobs: readonly string[]) => {
    const first = waiting.length === 0
    waiting.push(...jobs)
    if (!first) return
    work = work
      .then(async () => {
        const ended = waiting
        waiting = []
        await removeScratch(pool, ended, (job) => rm(join(root, job), { recursive: true, force: true }))
      })
      .catch(failed)
  }
  let looking: Promise<void> = Promise.resolve()
  const sweep = () => {
    looking = readdir(root).then(clean, () => {}) // No folder yet: nothing to clean.
    if (secrets !== undefined) work = work.then(() => forgetSecrets(pool, secrets)).catch(failed)
  }
  const unsubscribe = bus.subscribe((message) => {
    if (message.kind === 'ended') clean(message.jobs)
  })
  const timer = setInterval(sweep, sweepEveryMs)
  sweep()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      unsubscribe()
      await looking
      await work
    },
  }
}

/** Removes credential files of attempts that are over: a worker may be killed between the end of a step and this. */
async function forgetSecrets(pool: Pool, root: string): Promise<void> {
  const found = await readdir(root).catch(() => []) // No folder yet: nothing to forget.
  if (found.length === 0) return
  const { rows } = await pool.query<{ name: string }>(
    `select w.name from unnest($1::text[]) w(name)
     where not exists (select 1 from steps s where s.state = 'running' and s.id || '-' || s.attempt = w.name)`,
    [found],
  )
  await Promise.all(rows.map(({ name }) => rm(join(root, name), { recursive: true, force: true })))
}

/** Removes the scratch of those jobs that need it no more; jobs that the database does not know are among them. */
async function removeScratch(
  pool: Pool,
  jobs: readonly string[],
  remove: (job: string) => Promise<void>,
): Promise<void> {
  if (jobs.length === 0) return
  const { rows } = await pool.query<{ id: string; again: boolean }>(
    // Lateral, so that no plan reads all jobs for a few.
    `select w.id, coalesce(j.state in ('cancelled', 'failed'), false) as again from unnest($1::text[]) w(id)
     left join lateral (select * from jobs x where x.id = w.id offset 0) j on true
     where j.id is null or j.state in ('done', 'cancelled') or (j.state = 'failed' and j.ended_at < now() - $2::interval)`,
    [jobs, failedKeptFor],
  )
  await Promise.all(rows.filter(({ again }) => !again).map(({ id }) => remove(id)))
  const again = rows.filter((row) => row.again).map(({ id }) => id)
  if (again.length === 0) return
  // These may be begun anew, which must not meet the end of their folders.
  const client = await pool.connect()
  let sound = false
  try {
    await client.query('begin')
    const { rows: held } = await client.query<{ id: string }>(
      `select id from jobs where id = any($1) and state in ('cancelled', 'failed') for no key update skip locked`,
      [again],
    )
    await Promise.all(held.map(({ id }) => remove(id)))
    await client.query('commit')
    sound = true
  } finally {
    client.release(!sound)
  }
}

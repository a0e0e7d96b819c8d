import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pool } from 'pg'
import type { Bus } from '#kernel/bus.ts'

export interface ScratchPorts {
  readonly pool: Pool
  readonly bus: Bus
  /** Scratch folder of this machine. */
  readonly root: string
  readonly failed: (error: unknown) => void
}

/** What a failed job has fetched waits this long for somebody to try again. */
const failedKeptFor = '24 hours'
// A worker may be killed between the end of a job and the tidying up.
const sweepEveryMs = 60_000

/** Removes the scratch folders of jobs that have ended: at once when it hears of it, and what it missed at start and every minute. */
export function keepScratchClean({ pool, bus, root, failed }: ScratchPorts): AsyncDisposable {
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
        const gone = await removable(pool, ended)
        await Promise.all(gone.map((job) => rm(join(root, job), { recursive: true, force: true })))
      })
      .catch(failed)
  }
  const sweep = () => {
    readdir(root).then(clean, () => {}) // No folder yet: nothing to clean.
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
      await work
    },
  }
}

/** Of these jobs, those whose scratch nobody needs any more; jobs that the database does not know are among them. */
async function removable(pool: Pool, jobs: readonly string[]): Promise<string[]> {
  if (jobs.length === 0) return []
  const { rows } = await pool.query<{ id: string }>(
    // Lateral, so that no plan reads all jobs for a few.
    `select w.id from unnest($1::text[]) w(id)
     left join lateral (select * from jobs x where x.id = w.id offset 0) j on true
     where j.id is null or ((j.state in ('done', 'cancelled') or (j.state = 'failed' and j.ended_at < now() - $2::interval))
       and not exists (select 1 from steps s where s.job_id = j.id and s.state = 'running'))`,
    [jobs, failedKeptFor],
  )
  return rows.map(({ id }) => id)
}

import type { Pool } from 'pg'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { ClaimedStep, Fence, Queue } from './queue.ts'

/** A process, told apart from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number
  readonly startTime: string
  readonly bootId: string
}

/** A program that a step started; `mark` names step and attempt in its environment. */
export interface ChildRecord extends ProcessIdentity {
  readonly mark: string
}

export interface PresencePorts {
  readonly pool: Pool
  readonly queue: Queue
  readonly machine: string
  readonly isAlive: (process: ProcessIdentity) => Promise<boolean>
  /** Ends what a dead worker's steps left running on this machine. */
  readonly killOrphans: (children: readonly ChildRecord[]) => Promise<void>
  /** Removes what a dead worker's attempt left on disk for nobody else. */
  readonly forget: (step: Fence) => Promise<void>
}

/** Says that a worker is there, so that its steps are known to be in good hands and machine-bound ones may be admitted. */
export async function register(
  pool: Pool,
  worker: { id: string; machine: string; roles: readonly string[] } & ProcessIdentity,
): Promise<void> {
  await pool.query(
    `insert into workers (id, machine, pid, boot_id, start_time, roles) values ($1, $2, $3, $4, $5, $6)
     on conflict (id) do update set seen_at = now()`,
    [worker.id, worker.machine, worker.pid, worker.bootId, worker.startTime, worker.roles],
  )
}

/** Workers that were heard of in the last half minute, on all machines; at least one. */
export async function countAlive(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select greatest(1, count(*)) as n from workers where seen_at > now() - interval '30 seconds'`,
  )
  return rows[0]?.n ?? 1
}

export async function unregister(pool: Pool, worker: string): Promise<void> {
  await pool.query('delete from workers where id = $1', [worker])
}

/**
 * Takes back the steps of workers that died on this machine, without waiting for their leases: first what they left
 * running is ended, for two must not write one file. Returns the ids of the jobs concerned.
 */
export async function takeBack(ports: PresencePorts): Promise<string[]> {
  const { pool, queue, machine, isAlive, killOrphans } = ports
  const { rows } = await pool.query<{ id: string; pid: number; boot_id: string; start_time: string }>(
    'select id, pid, boot_id, start_time from workers where machine = $1',
    [machine],
  )
  const jobs: string[] = []
  const deadly = new Fault('step.deadly', { deaths: 5 })
  for (const row of rows) {
    if (await isAlive({ pid: row.pid, bootId: row.boot_id, startTime: row.start_time })) continue
    const { rows: steps } = await pool.query<Pick<ClaimedStep, 'id' | 'attempt' | 'job_id'>>(
      `select id, attempt, job_id from steps where worker = $1 and state = 'running' order by random()`,
      [row.id],
    )
    // By attempt: the step may have been taken back already, by its lease or by another who looks, and run again by now.
    const { rows: children } = await pool.query<{ pid: number; boot_id: string; start_time: string; mark: string }>(
      `delete from children c where machine = $1 and not exists (
         select 1 from steps s where s.id = c.step_id and s.attempt = c.attempt and s.state = 'running' and s.worker <> $2)
       returning pid, boot_id, start_time, step_id || '.' || attempt as mark`,
      [machine, row.id],
    )
    await killOrphans(
      children.map(({ pid, boot_id, start_time, mark }) => ({ pid, bootId: boot_id, startTime: start_time, mark })),
    )
    for (const step of steps) {
      await ports.forget(step)
      await queue.release(step, 'dead', { fault: deadly.view() })
      jobs.push(step.job_id)
    }
    await unregister(pool, row.id)
  }
  return jobs
}

/** Remembers a program that a step started, right after the start: so it is found when this process is killed. */
export async function rememberChild(
  pool: Pool,
  child: ChildRecord & { readonly step: Pick<ClaimedStep, 'id' | 'attempt'>; readonly machine: string },
): Promise<void> {
  await pool.query(
    'insert into children (step_id, attempt, machine, pid, start_time, boot_id) values ($1, $2, $3, $4, $5, $6) on conflict do nothing',
    [child.step.id, child.step.attempt, child.machine, child.pid, child.startTime, child.bootId],
  )
}

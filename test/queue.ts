import { newId } from '#kernel/ids.ts'
import { type ClaimedStep, createQueue, type NewJob, type Queue } from '#pipeline/queue.ts'
import type { Limits } from '@jackdaw/contract/operations/queue.ts'
import { testLimits } from './pipeline.ts'
import { type After, type TestDatabase, testDatabase } from './postgres.ts'

export interface TestQueue extends TestDatabase {
  readonly queue: Queue
  /** Starts jobs of an account (made when there is none) and returns their ids in order. */
  add(
    account: string,
    jobs: number | readonly Partial<NewJob>[],
    how?: { batch?: string; strict?: boolean },
  ): Promise<string[]>
  /** Admits once and claims all that was admitted, as a worker called `w`. */
  take(limits?: Partial<Limits>, worker?: string, machine?: string): Promise<ClaimedStep[]>
  /** A step of one kind that waits for a turn, beside the first step of its job. */
  extra(job: string, step: { kind: string; site?: string; machine?: string | null }): Promise<string>
  state(job: string): Promise<string>
  /** Types of the durable events of a job, in order. */
  events(job: string): Promise<string[]>
}

/** The moves of the queue on a database of its own, without a worker: a test says itself what happens when. */
export async function testQueue(t: After): Promise<TestQueue> {
  const database = await testDatabase(t)
  const { pool } = database
  const queue = createQueue(pool)
  const take: TestQueue['take'] = async (limits = {}, worker = 'w', machine = 'here') => {
    await pool.query(
      `insert into workers (id, machine, pid, boot_id, start_time, roles) values ($1, $2, 1, '', '', '{}') on conflict (id) do update set seen_at = now()`,
      [worker, machine],
    )
    const merged = { ...testLimits, ...limits }
    await queue.admit(merged)
    const { resolve, fetch, process, deliver } = merged
    return await queue.claim(worker, machine, { resolve, fetch, process, deliver })
  }
  return {
    ...database,
    queue,
    take,
    async add(account, jobs, { batch, strict = false } = {}) {
      await pool.query(`insert into accounts (id, name, role) values ($1, $1, 'member') on conflict do nothing`, [
        account,
      ])
      if (batch !== undefined)
        await pool.query(`insert into batches (id, account_id, name, strict, wish_key) values ($1, $2, $1, $3, $1)`, [
          batch,
          account,
          strict,
        ])
      const wishes = typeof jobs === 'number' ? Array.from({ length: jobs }, () => ({})) : jobs
      const rows = wishes.map((wish) => newJob(wish))
      await queue.startJobs(account, batch === undefined ? undefined : { id: batch, strict }, rows)
      return rows.map(({ id }) => id)
    },
    async extra(job, { kind, site = '', machine = null }) {
      const id = newId()
      await pool.query(
        `insert into steps (id, job_id, account_id, kind, engine, label, site, index, state, position, machine)
         select $2, id, account_id, $3, 'e', 'e', $4, 9, 'ready', position, $5 from jobs where id = $1`,
        [job, id, kind, site, machine],
      )
      await pool.query('select open_lanes($1)', [[id]])
      return id
    },
    async state(job) {
      const { rows } = await pool.query<{ state: string }>('select state from jobs where id = $1', [job])
      return rows[0]?.state ?? 'none'
    },
    async events(job) {
      const { rows } = await pool.query<{ type: string }>('select type from events where job_id = $1 order by seq', [
        job,
      ])
      return rows.map(({ type }) => type)
    },
  }
}

export function newJob(wish: Partial<NewJob> = {}): NewJob {
  const id = newId()
  return {
    id,
    step: newId(),
    link: { kind: 'url', text: `https://a.example/${id}` },
    title: id,
    recipe: 'plain',
    destinations: ['nowhere'],
    options: {},
    sealed: null,
    originKey: id,
    wishKey: id,
    priority: 0,
    category: null,
    site: '',
    ...wish,
  }
}

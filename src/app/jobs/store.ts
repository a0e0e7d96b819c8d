import type { Pool } from 'pg'
import type { FaultView } from '@jackdaw/contract/faults.ts'
import type { Receipt } from '@jackdaw/contract/nouns/asset.ts'
import type { Job, JobDetail, JobState, Priority, Progress, Step, StepState } from '@jackdaw/contract/nouns/job.ts'
import { toAsset, type AssetRow } from '#pipeline/assets.ts'

interface JobRow {
  readonly id: string
  readonly account_id: string
  readonly link: { readonly text: string }
  readonly title: string
  readonly state: JobState
  readonly priority: Priority
  readonly category: string | null
  readonly batch_id: string | null
  readonly batch_index: number | null
  readonly destinations: string[]
  readonly fault: FaultView | null
  readonly asked: 'pause' | 'cancel' | null
  readonly created_at: Date
  readonly started_at: Date | null
  readonly ended_at: Date | null
  readonly label: string | null
  readonly step_state: StepState | null
  readonly step_fault: FaultView | null
  readonly progress: Progress | null
}

const view = `select j.id, j.account_id, j.link, j.title, j.state, j.priority, j.category, j.batch_id, j.batch_index, j.destinations,
    j.fault, j.asked, j.created_at, j.started_at, j.ended_at, d.label, d.state as step_state, d.fault as step_fault, d.progress
  from jobs j
  left join lateral (
    select s.label, s.state, s.progress, s.fault from steps s
    where s.job_id = j.id and j.state in ('queued', 'running', 'paused') and s.state in ('running', 'admitted', 'ready', 'waiting', 'paused')
    order by case s.state when 'running' then 0 when 'admitted' then 1 when 'ready' then 2 else 3 end, s.waits, s.index limit 1
  ) d on true`

export interface ListFilter {
  readonly account: string | undefined
  readonly state?: JobState | 'open' | undefined
  readonly batch?: string | undefined
  readonly category?: string | undefined
  readonly search?: string | undefined
  readonly before?: string | undefined
  readonly limit: number
}

/** Jobs, newest first, by key and not by offset: a page costs the same wherever it is. */
export async function listJobs(pool: Pool, filter: ListFilter): Promise<Job[]> {
  const where: string[] = []
  const values: unknown[] = []
  const and = (sql: (parameter: string) => string, value: unknown) => {
    if (value !== undefined) where.push(sql(`$${values.push(value)}`))
  }
  and((p) => `j.account_id = ${p}`, filter.account)
  // Written so that an index has the jobs in the order of the page: of 100,000 jobs without a failed one, 1 ms and not 90.
  if (filter.state === 'open') where.push(`j.state in ('queued', 'running', 'paused')`)
  else and((p) => `j.state = ${p}`, filter.state)
  and((p) => `j.batch_id = ${p}`, filter.batch)
  and((p) => `j.category = ${p}`, filter.category)
  and(
    (p) => `(j.title ilike ${p} or j.link ->> 'text' ilike ${p})`,
    filter.search && `%${filter.search.replace(/[\\%_]/g, '\\$&')}%`,
  )
  and((p) => `j.id < ${p}`, filter.before)
  const { rows } = await pool.query<JobRow>(
    `${view} ${where.length > 0 ? `where ${where.join(' and ')}` : ''} order by j.id desc limit $${values.push(filter.limit)}`,
    values,
  )
  return rows.map(toJob)
}

export async function findJobs(pool: Pool, ids: readonly string[]): Promise<Job[]> {
  const { rows } = await pool.query<JobRow>({
    name: 'jobs by id',
    text: `${view} where j.id = any($1) order by j.id`,
    values: [ids],
  })
  return rows.map(toJob)
}

/** The open job of this account that is the same wish, if there is one. */
export async function openJobLike(pool: Pool, account: string, wishKey: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'open job like',
    text: `select id from jobs where account_id = $1 and wish_key = $2 and state in ('queued', 'running', 'paused') order by id limit 1`,
    values: [account, wishKey],
  })
  return rows[0]?.id
}

/** The jobs of the batch that is the same list and not yet at its end. */
export async function openBatchLike(
  pool: Pool,
  account: string,
  wishKey: string,
): Promise<{ batch: string; jobs: string[] } | undefined> {
  const { rows } = await pool.query<{ batch: string; jobs: string[] }>(
    `select b.id as batch, array_agg(j.id order by j.batch_index) as jobs from batches b join jobs j on j.batch_id = b.id
     where b.account_id = $1 and b.wish_key = $2 group by b.id
     having bool_or(j.state in ('queued', 'running', 'paused')) order by b.id desc limit 1`,
    [account, wishKey],
  )
  return rows[0]
}

export async function addBatch(
  pool: Pool,
  batch: { id: string; account: string; name: string; strict: boolean; wishKey: string },
): Promise<void> {
  await pool.query('insert into batches (id, account_id, name, strict, wish_key) values ($1, $2, $3, $4, $5)', [
    batch.id,
    batch.account,
    batch.name,
    batch.strict,
    batch.wishKey,
  ])
}

export async function jobDetail(pool: Pool, job: Job): Promise<JobDetail> {
  const [steps, assets, receipts] = await Promise.all([
    pool.query<StepRow>('select * from steps where job_id = $1 order by index', [job.id]),
    pool.query<AssetRow>(
      `select a.* from assets a where a.job_id = $1
       union select k.* from receipts r join assets k on 'library:' || k.id = r.place where r.job_id = $1 order by created_at, id`,
      [job.id],
    ),
    pool.query<ReceiptRow>('select * from receipts where job_id = $1 order by id', [job.id]),
  ])
  return {
    ...job,
    steps: steps.rows.map(toStep),
    assets: assets.rows.map(toAsset),
    receipts: receipts.rows.map(toReceipt),
  }
}

interface StepRow {
  readonly id: string
  readonly kind: Step['kind']
  readonly engine: string
  readonly label: string
  readonly state: StepState
  readonly tries: number
  readonly ready_at: Date
  readonly progress: Progress | null
  readonly fault: FaultView | null
  readonly started_at: Date | null
  readonly ended_at: Date | null
}

function toStep(row: StepRow): Step {
  const { id, kind, engine, label, state, tries } = row
  return {
    id,
    kind,
    engine,
    label,
    state,
    tries,
    readyAt: state === 'waiting' ? row.ready_at.toISOString() : null,
    ...(row.progress && { progress: row.progress }),
    ...(row.fault && { fault: row.fault }),
    startedAt: iso(row.started_at),
    endedAt: iso(row.ended_at),
  }
}

interface ReceiptRow {
  readonly asset_id: string
  readonly destination: string
  readonly place: string
  readonly sha256: string
  readonly bytes: number
  readonly at: Date
}

function toReceipt({ asset_id, destination, place, sha256, bytes, at }: ReceiptRow): Receipt {
  return { asset: asset_id, destination, place, sha256, bytes, at: at.toISOString() }
}

function toJob(row: JobRow): Job {
  const fault = row.fault ?? row.step_fault
  const doing = doingOf(row)
  return {
    id: row.id,
    account: row.account_id,
    link: row.link.text,
    title: row.title,
    state: row.state,
    ...(doing !== undefined && { doing }),
    priority: row.priority,
    ...(row.category !== null && { category: row.category }),
    ...(row.batch_id !== null && { batch: { id: row.batch_id, index: row.batch_index ?? 0 } }),
    destinations: row.destinations,
    ...(row.progress && { progress: row.progress }),
    ...(fault && { fault }),
    createdAt: row.created_at.toISOString(),
    startedAt: iso(row.started_at),
    endedAt: iso(row.ended_at),
  }
}

/** What the job is at, in a word or two. */
function doingOf(row: JobRow): string | undefined {
  if (row.state === 'done' || row.state === 'failed' || row.state === 'cancelled' || row.state === 'paused')
    return undefined
  if (row.asked !== null) return row.asked === 'pause' ? 'pausing' : 'cancelling'
  switch (row.step_state) {
    case 'running':
      return row.label ?? undefined
    case 'waiting':
      return row.step_fault === null ? 'waiting' : 'waiting for the next try'
    case null:
      return undefined
    default:
      return 'queued'
  }
}

function iso(date: Date | null): string | null {
  return date === null ? null : date.toISOString()
}

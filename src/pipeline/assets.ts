import { existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Pool } from 'pg'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Asset, MediaFacts } from '@jackdaw/contract/nouns/asset.ts'
import type { Role, Validators } from '@jackdaw/contract/nouns/media.ts'
import type { LocalAsset } from './engine.ts'
import type { EarlierStep } from './plan.ts'
import type { ClaimedStep } from './queue.ts'
import type { Store } from './store.ts'

export interface AssetRow {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly bytes: number
  readonly sha256: string
  readonly state: Asset['state']
  readonly facts: MediaFacts | null
  readonly created_at: Date
  readonly path: string | null
  readonly machine: string | null
  readonly role: Role | null
}

export function toAsset(row: AssetRow): Asset {
  const { id, name, type, bytes, sha256, state, facts, role, created_at } = row
  return {
    id,
    name,
    type,
    bytes,
    sha256,
    state,
    createdAt: created_at.toISOString(),
    ...(facts && { facts }),
    ...(role && { role }),
  }
}

/** The assets that a step works on, with their bytes on this machine. Throws `step.inputs-lost` when those are gone. */
export async function inputsOf(pool: Pool, step: ClaimedStep, store: Store, machine: string): Promise<LocalAsset[]> {
  const own = Array.isArray(step.input['assets']) ? step.input['assets'] : []
  const { rows } = await pool.query<AssetRow>({
    name: 'inputs',
    // Lateral, so that no plan reads all assets for a few.
    text: `select a.* from (
        select x.id, s.index, x.nr from steps s, jsonb_array_elements_text(coalesce(s.output, '[]')) with ordinality as x(id, nr)
        where s.id = any($1)
        union all select y.id, 0, y.nr from unnest($2::text[]) with ordinality as y(id, nr)
      ) o cross join lateral (select * from assets x where x.id = o.id offset 0) a order by o.index, o.nr`,
    values: [step.after, own],
  })
  return await Promise.all(
    rows.map(async (row) => {
      const path = row.state === 'kept' ? store.path(row.sha256) : row.path
      const here =
        path !== null &&
        (row.state === 'kept' ? await store.has(row.sha256) : row.machine === machine && existsSync(path))
      if (!here) throw new Fault('step.inputs-lost', { asset: row.id })
      return { ...toAsset(row), path }
    }),
  )
}

/** Assets that are the same thing; `machine` when they lie in its scratch. */
export interface Reuse {
  readonly assets: readonly string[]
  readonly machine?: string
}

/**
 * The assets of an earlier job that asked for the same thing, when the far side says that it is unchanged and their
 * bytes are still here. Of the same job (begun anew) scratch will do; of others only what is kept.
 */
export async function sameAgain(
  pool: Pool,
  step: ClaimedStep,
  job: { readonly origin_key: string },
  validators: Validators | undefined,
  { store, machine }: { readonly store: Store; readonly machine: string },
): Promise<Reuse | undefined> {
  // Fields that are undefined are not stored.
  const stored: unknown = JSON.parse(JSON.stringify(validators ?? null))
  // Without a validator nothing proves that it is the same.
  if (!validators?.etag && !validators?.lastModified) return undefined
  const { rows } = await pool.query<{ validators: Validators; wanted: number; found: AssetRow[] | null }>({
    name: 'same',
    text: `select j.validators, jsonb_array_length(d.outputs) as wanted,
        (select jsonb_agg(k order by o.nr) from jsonb_array_elements_text(d.outputs) with ordinality as o(id, nr)
          join assets a on a.id = o.id
          cross join lateral (
            select k.* from assets k where k.account_id = j.account_id and k.sha256 = a.sha256
              and (k.state = 'kept' or (k.id = a.id and k.state = 'scratch' and j.id = $3 and k.machine = $4))
            order by k.state limit 1) k) as found
      from jobs j
      cross join lateral (
        select coalesce(j.outputs, (
          select jsonb_agg(x.id order by b.index, x.nr)
          from steps s join steps b on b.id = any(s.after), jsonb_array_elements_text(b.output) with ordinality as x(id, nr)
          where s.job_id = j.id and s.kind = 'deliver'
            and s.index = (select min(f.index) from steps f where f.job_id = j.id and f.kind = 'deliver'))) as outputs) d
      where j.account_id = $1 and j.origin_key = $2 and j.validators is not null and (j.state = 'done' or j.id = $3)
      order by j.id desc limit 5`,
    values: [step.account_id, job.origin_key, step.job_id, machine],
  })
  for (const row of rows) {
    const found = row.found ?? []
    if (!row.wanted || found.length !== row.wanted || !isDeepStrictEqual(row.validators, stored)) continue
    const there = await Promise.all(
      found.map((asset) =>
        asset.state === 'kept' ? store.has(asset.sha256) : asset.path !== null && existsSync(asset.path),
      ),
    )
    if (there.every(Boolean))
      return { assets: found.map(({ id }) => id), ...(found.some(({ state }) => state === 'scratch') && { machine }) }
  }
  return undefined
}

/** What an earlier try of this job left behind on machines that are there: checkpoints that a new plan may take over. */
export async function earlierSteps(pool: Pool, job: string): Promise<EarlierStep[]> {
  const { rows } = await pool.query<EarlierStep>({
    name: 'earlier',
    text: `select index, engine, input, checkpoint, machine from steps where job_id = $1 and kind = 'fetch' and checkpoint is not null
      and machine in (select w.machine from workers w where w.seen_at > now() - interval '30 seconds')`,
    values: [job],
  })
  return rows
}

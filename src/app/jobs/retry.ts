import type { Pool } from 'pg'
import { Link } from '@jackdaw/contract/nouns/link.ts'
import { JobOptions, JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { originKey, wishKey } from '#pipeline/wish.ts'

export interface RetryChanges {
  readonly recipe?: string | undefined
  readonly options?: JobOptions | undefined
  readonly secrets?: JobSecrets | undefined
}

/** Changes what an ended job, and what failed of its entries, will be begun anew with. What is not named stays. */
export async function retryWith(
  pool: Pool,
  job: string,
  changes: RetryChanges,
  ports: {
    readonly seal: (secrets: JobSecrets, job: string) => string
    readonly unseal: (sealed: string, job: string) => unknown
  },
): Promise<void> {
  if (Object.values(changes).every((change) => change === undefined)) return
  const { rows } = await pool.query<{
    id: string
    link: unknown
    recipe: string
    options: unknown
    sealed: string | null
    destinations: string[]
  }>(
    `select k.id, k.link, k.recipe, k.options, k.sealed, k.destinations from jobs j
     join jobs k on k.id = j.id or k.batch_id = j.list_id
     where j.id = $1 and k.state in ('failed', 'cancelled') order by k.id`,
    [job],
  )
  for (const row of rows) {
    const recipe = changes.recipe ?? row.recipe
    const options = { ...left(JobOptions.parse(row.options), changes.recipe), ...changes.options }
    const before = row.sealed === null ? {} : JobSecrets.parse(ports.unseal(row.sealed, row.id))
    const secrets = { ...before, ...changes.secrets }
    const origin = originKey(Link.parse(row.link), { recipe, options }, secrets)
    await pool.query(
      `update jobs set recipe = $2, options = $3, sealed = $4, origin_key = $5, wish_key = $6
       where id = $1 and state in ('failed', 'cancelled')`,
      [
        row.id,
        recipe,
        JSON.stringify(options),
        Object.keys(secrets).length === 0 ? null : ports.seal(secrets, row.id),
        origin,
        wishKey(origin, { destinations: row.destinations, options }),
      ],
    )
  }
}

/** Another recipe replaces the steps as well, or one that failed would fail again; `plain` is the file as it came. */
function left(options: JobOptions, recipe: string | undefined): JobOptions {
  if (recipe === undefined) return options
  const { steps: _, ...fetched } = options
  if (recipe !== 'plain') return fetched
  const { clips: __, joinClips: ___, exact: ____, audio: _____, subs: ______, subsAs: _______, ...asItCame } = fetched
  return asItCame
}

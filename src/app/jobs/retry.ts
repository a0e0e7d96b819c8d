import type { Pool } from 'pg'
import { Fault } from '@jackdaw/contract/faults.ts'
import { Link } from '@jackdaw/contract/nouns/link.ts'
import { JobOptions, JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { isStorable } from '#kernel/title.ts'
import { secretsFor } from '#pipeline/expand.ts'
import { originKey, wishKey } from '#pipeline/wish.ts'

export interface RetryChanges {
  readonly recipe?: string | undefined
  readonly options?: JobOptions | undefined
  readonly secrets?: JobSecrets | undefined
}

/**
 * Changes what an ended job, and what failed of its entries, will be begun anew with. What is not named stays. Entries
 * elsewhere get of the secrets what they would have got when the list was read. Throws `input.invalid` for what cannot be
 * stored.
 */
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
  if (!isStorable(changes)) throw new Fault('input.invalid', { reason: 'it contains characters that cannot be stored' })
  const { rows } = await pool.query<{
    id: string
    link: unknown
    list: unknown
    recipe: string
    options: unknown
    sealed: string | null
    destinations: string[]
  }>(
    `select k.id, k.link, j.link as list, k.recipe, k.options, k.sealed, k.destinations from jobs j
     join jobs k on k.id = j.id or k.batch_id = j.list_id
     where j.id = $1 and k.state in ('failed', 'cancelled') order by k.id`,
    [job],
  )
  for (const row of rows) {
    const recipe = changes.recipe ?? row.recipe
    const options = { ...left(JobOptions.parse(row.options), changes.recipe), ...changes.options }
    const before = row.sealed === null ? {} : JobSecrets.parse(ports.unseal(row.sealed, row.id))
    const link = Link.parse(row.link)
    const secrets = { ...before, ...secretsFor(link.text, Link.parse(row.list), changes.secrets ?? {}) }
    const origin = originKey(link, { recipe, options }, secrets)
    await pool.query(
      // What was made of the old wish is not what the new one asks for: nothing proves any more that it is the same.
      `update jobs set recipe = $2, options = $3, sealed = $4, origin_key = $5, wish_key = $6,
         validators = case when origin_key = $5 then validators end
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

import type { Pool } from 'pg'
import { Link } from '@jackdaw/contract/nouns/link.ts'
import { JobOptions, JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import type { JobOfStep } from './perform.ts'
import type { ClaimedStep } from './queue.ts'

/** Reads what a step needs to know of its job. The secrets are opened here and nowhere else. */
export async function jobOfStep(
  pool: Pool,
  step: ClaimedStep,
  unseal: (sealed: string, job: string) => unknown,
): Promise<JobOfStep> {
  const { rows } = await pool.query<{
    link: unknown
    title: string
    recipe: string
    destinations: string[]
    origin_key: string
    options: unknown
    sealed: string | null
  }>({
    name: 'job of step',
    text: 'select link, title, recipe, destinations, origin_key, options, sealed from jobs where id = $1',
    values: [step.job_id],
  })
  const [row] = rows
  if (!row) throw new Error(`the job ${step.job_id} of step ${step.id} is gone`)
  return {
    link: Link.parse(row.link),
    title: row.title,
    recipe: row.recipe,
    destinations: row.destinations,
    origin_key: row.origin_key,
    options: JobOptions.parse(row.options),
    secrets: row.sealed === null ? {} : JobSecrets.parse(unseal(row.sealed, step.job_id)),
  }
}

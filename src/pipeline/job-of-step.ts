import { Link } from '@jackdaw/contract/nouns/link.ts'
import { JobOptions, JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import type { JobOfStep } from './perform.ts'
import type { ClaimedStep } from './queue.ts'

/** What a step needs to know of its job. The secrets are opened here and nowhere else. */
export function jobOfStep(
  { job, job_id }: Pick<ClaimedStep, 'job' | 'job_id'>,
  unseal: (sealed: string, job: string) => unknown,
): JobOfStep {
  return {
    link: Link.parse(job.link),
    title: job.title,
    recipe: job.recipe,
    destinations: job.destinations,
    origin_key: job.origin_key,
    options: JobOptions.parse(job.options),
    secrets: job.sealed === null ? {} : JobSecrets.parse(unseal(job.sealed, job_id)),
  }
}

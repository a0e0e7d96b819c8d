import { Link } from '@jackdaw/contract/nouns/link.ts'
import { About } from '@jackdaw/contract/nouns/media.ts'
import { JobOptions, JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import type { ClaimedStep } from './queue.ts'

/** What a step needs to know of its job. */
export interface JobOfStep {
  readonly link: Link
  readonly title: string
  readonly recipe: string
  readonly destinations: readonly string[]
  readonly origin_key: string
  readonly options: JobOptions
  readonly secrets: JobSecrets
  readonly about?: About
  /** Title of the list that it belongs to. */
  readonly list?: string
}

/** The job of a step, read from its row. The secrets are opened here and nowhere else. */
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
    ...(job.about ? { about: About.parse(job.about) } : {}),
    ...(job.list ? { list: job.list } : {}),
    secrets: job.sealed === null ? {} : JobSecrets.parse(unseal(job.sealed, job_id)),
  }
}

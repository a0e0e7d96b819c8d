import type { Job, JobDetail } from '@jackdaw/contract/nouns/job.ts'
import type { ListView } from './line.ts'

/** The lists among the jobs that are followed, and how far their entries are. */
export class Lists {
  readonly #views = new Map<string, ListView>()
  /** Of an entry's job: the job of its list. */
  readonly #listOf = new Map<string, string>()

  add(list: Job, jobs: readonly Job[]): void {
    this.#views.set(list.id, { title: list.title || list.link, count: jobs.length, ended: 0, failed: 0 })
    for (const job of jobs) this.#listOf.set(job.id, list.id)
  }

  /** The list of this job, if its link is one. */
  get(id: string): ListView | undefined {
    return this.#views.get(id)
  }

  all(): ListView[] {
    return [...this.#views.values()]
  }

  /** Counts a job that has ended, and gives the list that it is an entry of. The job of a list is forgotten. */
  ended(job: JobDetail): ListView | undefined {
    this.#views.delete(job.id)
    const id = this.#listOf.get(job.id)
    const list = id === undefined ? undefined : this.#views.get(id)
    if (id === undefined || list === undefined) return undefined
    const counted = { ...list, ended: list.ended + 1, failed: list.failed + (job.state === 'done' ? 0 : 1) }
    this.#views.set(id, counted)
    return counted
  }
}

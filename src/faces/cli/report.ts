import type { Event } from '@jackdaw/contract/events.ts'
import type { Job, JobDetail } from '@jackdaw/contract/nouns/job.ts'
import { isAbsolute } from 'node:path'
import { type Paint, paint } from './format.ts'
import type { Terminal } from './host.ts'
import type { Closing, Totals } from './line.ts'
import { deliveredBytes } from './view.ts'

/** Tells a person or a program how jobs go. */
export interface Report {
  started(jobs: readonly Job[]): void
  /** The link of this job is a list; these are the jobs of its entries. */
  expanded(list: Job, jobs: readonly Job[]): void
  event(event: Event): void
  ended(job: JobDetail): void
  /** Something worth a line that is not about one job. */
  note(says: string): void
  /** Leaves the terminal to a question until the answer is called. */
  hold(): () => void
  /** Everything has ended, or we stop looking; leaves the terminal as it was. */
  close(closing?: Closing): void
}

/** A report that tells nothing: what a report does not say otherwise. */
export const silent: Report = {
  started: () => undefined,
  expanded: () => undefined,
  event: () => undefined,
  ended: () => undefined,
  note: () => undefined,
  hold: () => () => undefined,
  close: () => undefined,
}

export function paintFor(terminal: Terminal): Paint {
  const { env, stdout } = terminal
  return paint(stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb')
}

/** Adds up what has ended. */
export function totalsOf(jobs: readonly JobDetail[], seconds: number): Totals {
  const count = (state: string) => jobs.filter((job) => job.state === state).length
  const bytes = jobs.reduce((total, job) => total + deliveredBytes(job), 0)
  return { done: count('done'), failed: count('failed'), cancelled: count('cancelled'), bytes, seconds }
}

/** The finished job as a program wants it: each asset with the path at which it lies, if it lies on this machine. */
export function withPaths(job: JobDetail): JobDetail & { assets: (JobDetail['assets'][number] & { path?: string })[] } {
  const assets = job.assets.map((asset) => {
    const place = job.receipts.find((receipt) => receipt.asset === asset.id && isAbsolute(receipt.place))?.place
    return place === undefined ? asset : { ...asset, path: place }
  })
  return { ...job, assets }
}

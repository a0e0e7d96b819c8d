import type { Job, JobDetail } from '@jackdaw/contract/nouns/job.ts'
import type { Chooser } from './choose.ts'
import { followMany } from './follow-many.ts'
import type { CommonOptions, Host, Session } from './host.ts'
import { type Closing, exitOf } from './line.ts'
import { type Report, totalsOf } from './report.ts'
import { type ReportOptions, reportFor } from './report-for.ts'

export interface Plan {
  readonly count: number
  readonly start: Parameters<typeof followMany>[2]
  /** Jobs that ask what to take are answered by whoever sits here. */
  readonly asks?: boolean
  /** What there is to say of a job that has ended, besides how it ended. */
  readonly remark?: (job: JobDetail) => string | undefined
}

/** So many failures are named once more at the end: they may have left the screen. */
const manyJobs = 8

/** Opens the house, follows what `plan` starts, and ends tidily on Ctrl-C. */
export async function watching(
  options: CommonOptions & ReportOptions,
  host: Host,
  work: boolean,
  plan: (session: Session, signal: AbortSignal) => Promise<Plan | undefined>,
): Promise<number> {
  const { terminal } = host
  const stop = new AbortController()
  let session: Session | undefined
  let report: Report | undefined
  const told = new Told()
  const leave = () => {
    if (stop.signal.aborted) return
    stop.abort()
    report?.close()
    terminal.stderr.write(`${farewell(session, told.open())}\n`)
  }
  const forget = terminal.onStop(leave)
  try {
    session = await host.open(options, { work, signal: stop.signal })
    await using house = session
    const planned = await plan(house, stop.signal)
    if (planned === undefined) return 0
    const since = terminal.now()
    let broken = false
    const watcher = (report = reportFor(options, terminal))
    const asker = planned.asks ? await chooserFor(house, watcher) : undefined
    const start = async () => {
      const started = await planned.start()
      told.batch = started.batch
      return started
    }
    await followMany(house.client, planned.count, start, {
      signal: stop.signal,
      started: (jobs) => {
        told.announced = jobs
        watcher.started(jobs)
      },
      expanded: (list, jobs) => {
        told.lists.set(list.id, jobs)
        watcher.expanded(list, jobs)
      },
      ended: (job) => {
        told.ended.set(job.id, job)
        watcher.ended(job)
        const remark = planned.remark?.(job)
        if (remark !== undefined) watcher.note(remark)
      },
      watcher: {
        event: (event) => {
          if (event.type === 'job.expanded') told.skipped.set(event.data.batch, event.data.skipped)
          watcher.event(event)
          asker?.event(event)
        },
        // Several streams break together: one remark is enough.
        broken: (says) => {
          if (!broken) watcher.note(says)
          broken = true
        },
        mended: () => void (broken = false),
      },
    })
    await asker?.quiet()
    watcher.close(told.closing((terminal.now() - since) / 1000))
    return told.exit()
  } catch (error) {
    if (stop.signal.aborted) return 130
    report?.close()
    throw error
  } finally {
    forget()
  }

  async function chooserFor({ client }: Session, watcher: Report): Promise<Chooser> {
    const { chooser } = await import('./choose.ts')
    return chooser({ client, terminal, report: watcher, signal: stop.signal, leave })
  }
}

/** What was told of the jobs that are followed. */
class Told {
  announced: readonly Job[] = []
  batch: string | undefined
  readonly ended = new Map<string, JobDetail>()
  /** The jobs of a list's entries, by the job of the list. */
  readonly lists = new Map<string, readonly Job[]>()
  /** By the batch of a list: what the far side does not give. */
  readonly skipped = new Map<string, readonly { readonly title: string; readonly reason: string }[]>()

  open(): Job[] {
    return this.announced.filter((job) => !this.ended.has(job.id))
  }

  /** In the order in which they were asked for, entries where their list stands; a link that was given twice is one job. */
  #fetched(): JobDetail[] {
    const ids = (id: string): string[] => [...(this.lists.get(id) ?? []).flatMap((job) => ids(job.id)), id]
    const all = [...new Set(this.announced.flatMap((job) => ids(job.id)))]
    return all.flatMap((id) => this.ended.get(id) ?? [])
  }

  closing(seconds: number): Closing {
    const jobs = this.#fetched().filter((job) => !this.lists.has(job.id))
    const failed = jobs.filter((job) => job.state === 'failed')
    const [onlyList] = this.announced.length === 1 ? this.lists.keys() : []
    const again = onlyList ?? this.batch
    const many = this.lists.size > 0 || jobs.length > manyJobs
    return {
      totals: totalsOf(jobs, seconds),
      failed: many ? failed : [],
      skipped: [...this.skipped.values()].flat(),
      ...(!many || again === undefined || failed.length === 0 ? {} : { again }),
    }
  }

  /** 0 when all are done, else the exit code of the first that is not. */
  exit(): number {
    return (
      this.#fetched()
        .map(exitOf)
        .find((exit) => exit !== 0) ?? 0
    )
  }
}

function farewell(session: Session | undefined, jobs: readonly { id: string }[]): string {
  if (session?.where !== 'server') return 'stopping; run the same command again to go on — bytes are kept'
  const first = jobs[0]?.id
  if (first === undefined) return 'stopped waiting; the server goes on with what it has taken'
  const rest = jobs.length > 1 ? ` and ${jobs.length - 1} more` : ''
  return `the server goes on with job ${first}${rest}; look again: jackdaw job ${first} --follow`
}

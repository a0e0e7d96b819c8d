import type { JobDetail } from '@jackdaw/contract/nouns/job.ts'
import { followMany } from './follow-many.ts'
import type { CommonOptions, Host, Session } from './host.ts'
import { exitOf } from './line.ts'
import { type Report, totalsOf } from './report.ts'
import { type ReportOptions, reportFor } from './report-for.ts'

type Plan = { count: number; start: Parameters<typeof followMany>[2] } | undefined

/** Opens the house, follows what `plan` starts, and ends tidily on Ctrl-C. */
export async function watching(
  options: CommonOptions & ReportOptions,
  host: Host,
  work: boolean,
  plan: (session: Session, signal: AbortSignal) => Promise<Plan>,
): Promise<number> {
  const { terminal } = host
  const stop = new AbortController()
  let session: Session | undefined
  let report: Report | undefined
  let announced: readonly { id: string }[] = []
  const ended = new Map<string, JobDetail>()
  const leave = () => {
    if (stop.signal.aborted) return
    stop.abort()
    report?.close()
    const open = announced.filter((job) => !ended.has(job.id))
    terminal.stderr.write(`${farewell(session, open)}\n`)
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
    await followMany(house.client, planned.count, planned.start, {
      signal: stop.signal,
      started: (jobs) => {
        announced = jobs
        watcher.started(jobs)
      },
      ended: (job) => {
        ended.set(job.id, job)
        watcher.ended(job)
      },
      watcher: {
        event: (event) => watcher.event(event),
        // Several streams break together: one remark is enough.
        broken: (says) => {
          if (!broken) watcher.note(says)
          broken = true
        },
        mended: () => void (broken = false),
      },
    })
    // In the order in which they were asked for; a link that was given twice is one job.
    const jobs = [...new Set(announced.map((job) => job.id))].flatMap((id) => ended.get(id) ?? [])
    watcher.close(totalsOf(jobs, (terminal.now() - since) / 1000))
    return jobs.map(exitOf).find((exit) => exit !== 0) ?? 0
  } catch (error) {
    if (stop.signal.aborted) return 130
    report?.close()
    throw error
  } finally {
    forget()
  }
}

function farewell(session: Session | undefined, jobs: readonly { id: string }[]): string {
  if (session?.where !== 'server') return 'stopping; run the same command again to go on — bytes are kept'
  const first = jobs[0]?.id
  if (first === undefined) return 'stopped waiting; the server goes on with what it has taken'
  const rest = jobs.length > 1 ? ` and ${jobs.length - 1} more` : ''
  return `the server goes on with job ${first}${rest}; look again: jackdaw job ${first} --follow`
}

import { endedStates } from '@jackdaw/contract/nouns/job.ts'
import { type Paint, plain } from './format.ts'
import type { Terminal } from './host.ts'
import { closingLines, endLines, listEndLine, progressLine } from './line.ts'
import { Lists } from './lists.ts'
import { type Report, silent } from './report.ts'
import { type JobView, applyEvent, viewOf } from './view.ts'

/** A line when a job starts, one every ten seconds, one at its end: for logs and pipes. */
export function plainReport(terminal: Terminal, paint: Paint, everyMs = 10_000): Report {
  const { stdout } = terminal
  const views = new Map<string, JobView>()
  const lists = new Lists()
  /** What was said last of each job that is tried again: the same once more tells nothing. */
  const trials = new Map<string, string>()
  const say = (line: string) => stdout.write(`${line}\n`)
  const timer = setInterval(() => {
    const running = [...views.values()].filter((view) => view.state === 'running')
    const open = [...views.values()].filter((view) => !endedStates.includes(view.state))
    // One that waits for its next try has said why already.
    for (const view of running.filter(({ note }) => note === undefined).slice(0, 8))
      say(squeeze(progressLine(view, 160, paint)))
    if (open.length > 8) say(`… ${open.length} to go, ${running.length} of them run`)
  }, everyMs)
  timer.unref()
  return {
    ...silent,
    expanded: (list, jobs) => {
      views.delete(list.id)
      lists.add(list, jobs)
      for (const job of jobs) views.set(job.id, viewOf(job))
      say(`${plain(list.title || list.link)}: a list of ${jobs.length}`)
    },
    started: (jobs) => {
      for (const job of jobs) {
        views.set(job.id, views.get(job.id) ?? viewOf(job))
        say(`${plain(job.title || job.link)}: job ${job.id}`)
      }
    },
    event: (event) => {
      const view = event.job === undefined ? undefined : views.get(event.job)
      if (view === undefined) return
      views.set(view.id, applyEvent(view, event))
      if (event.type !== 'step.retrying') return
      const line = `${plain(view.title)}: ${plain(event.data.fault.says)} (${event.data.fault.code})`
      if (trials.get(view.id) !== line) say(line)
      trials.set(view.id, line)
    },
    ended: (job) => {
      views.delete(job.id)
      trials.delete(job.id)
      const list = lists.get(job.id)
      const of = lists.ended(job)
      const lines = list === undefined ? endLines(job, paint) : [listEndLine(list, paint)]
      for (const [at, line] of lines.entries())
        say(of === undefined || at > 0 ? line : `${of.ended}/${of.count}  ${line}`)
    },
    note: say,
    close: (closing) => {
      clearInterval(timer)
      if (closing !== undefined) for (const line of closingLines(closing, paint)) say(line)
    },
  }
}

/** Columns serve nobody outside a terminal. */
const squeeze = (line: string): string => line.replace(/ {3,}/g, '  ')

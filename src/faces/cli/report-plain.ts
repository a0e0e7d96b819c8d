import { endedStates } from '@jackdaw/contract/nouns/job.ts'
import { type Paint, plain } from './format.ts'
import type { Terminal } from './host.ts'
import { endLines, progressLine, summaryLine } from './line.ts'
import type { Report } from './report.ts'
import { type JobView, applyEvent, viewOf } from './view.ts'

/** A line when a job starts, one every ten seconds, one at its end: for logs and pipes. */
export function plainReport(terminal: Terminal, paint: Paint, everyMs = 10_000): Report {
  const { stdout } = terminal
  const views = new Map<string, JobView>()
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
      if (event.type === 'step.retrying')
        say(`${plain(view.title)}: ${plain(event.data.fault.says)} (${event.data.fault.code})`)
    },
    ended: (job) => {
      views.delete(job.id)
      for (const line of endLines(job, paint)) say(line)
    },
    note: say,
    close: (totals) => {
      clearInterval(timer)
      if (totals !== undefined) say(summaryLine(totals))
    },
  }
}

/** Columns serve nobody outside a terminal. */
const squeeze = (line: string): string => line.replace(/ {3,}/g, '  ')

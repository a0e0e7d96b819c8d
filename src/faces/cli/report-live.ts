import { createLogUpdate } from 'log-update'
import { endedStates } from '@jackdaw/contract/nouns/job.ts'
import { type Paint, fit } from './format.ts'
import type { Terminal } from './host.ts'
import { endLines, progressLine, summaryLine } from './line.ts'
import type { Report } from './report.ts'
import { type JobView, applyEvent, viewOf } from './view.ts'

/** The screen is drawn at most ten times a second: more is only work for the terminal. */
const frameMs = 100

/** A block of lines that is redrawn in place; what has ended scrolls up and stays. */
export function liveReport(terminal: Terminal, paint: Paint): Report {
  const { stdout } = terminal
  // log-update needs a Node stream only for `write`, `columns` and `rows`.
  const block = createLogUpdate(stdout as unknown as NodeJS.WriteStream)
  const views = new Map<string, JobView>()
  let trouble = ''
  let dirty = false
  const draw = () => {
    if (!dirty) return
    dirty = false
    block(frame([...views.values()], trouble, stdout.columns ?? 80, stdout.rows ?? 24, paint).join('\n'))
  }
  const timer = setInterval(draw, frameMs)
  timer.unref()
  return {
    started: (jobs) => {
      for (const job of jobs) views.set(job.id, views.get(job.id) ?? viewOf(job))
      dirty = true
      draw()
    },
    event: (event) => {
      const view = event.job === undefined ? undefined : views.get(event.job)
      if (view === undefined) return
      views.set(view.id, applyEvent(view, event))
      trouble = ''
      dirty = true
    },
    ended: (job) => {
      views.delete(job.id)
      block.persist(endLines(job, paint).join('\n'))
      dirty = true
    },
    note: (says) => {
      trouble = says
      dirty = true
    },
    close: (totals) => {
      clearInterval(timer)
      block.clear()
      block.done()
      if (totals !== undefined) stdout.write(`${summaryLine(totals)}\n`)
      else if (trouble !== '') stdout.write(`${trouble}\n`)
    },
  }
}

/** The lines of one picture: those that run first, as many as the terminal has room for. Pure. */
export function frame(
  views: readonly JobView[],
  trouble: string,
  columns: number,
  rows: number,
  paint: Paint,
): string[] {
  // The last column stays free: some terminals wrap a line that fills it.
  const width = Math.max(20, columns - 1)
  const open = views.filter((view) => !endedStates.includes(view.state))
  const running = open.filter((view) => view.state === 'running')
  const order = [...running, ...open.filter((view) => view.state !== 'running')]
  const room = Math.max(1, rows - 3)
  const shown = order.slice(0, order.length > room ? room - 1 : room)
  const lines = shown.map((view) => progressLine(view, width, paint))
  if (order.length > shown.length) {
    lines.push(
      paint.dim(fit(`… ${order.length - shown.length} more (${running.length} of ${order.length} run)`, width)),
    )
  }
  if (trouble !== '') lines.push(fit(trouble, width))
  return lines
}

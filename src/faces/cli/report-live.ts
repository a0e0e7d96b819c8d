import { createLogUpdate } from 'log-update'
import { endedStates } from '@jackdaw/contract/nouns/job.ts'
import { type Paint, fit } from './format.ts'
import type { Terminal } from './host.ts'
import { type ListView, closingLines, endLines, listEndLine, listLine, progressLine } from './line.ts'
import { Lists } from './lists.ts'
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
  const lists = new Lists()
  let held = 0
  let trouble = ''
  let dirty = false
  const draw = () => {
    if (!dirty || held > 0) return
    dirty = false
    const room = { columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 }
    block(frame({ views: [...views.values()], lists: lists.all(), trouble }, room, paint).join('\n'))
  }
  const timer = setInterval(draw, frameMs)
  timer.unref()
  // What ends while a question is open waits for its answer.
  const waiting: string[] = []
  const keep = (lines: readonly string[]) => {
    if (held > 0) waiting.push(...lines)
    else block.persist(lines.join('\n'))
  }
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
      dirty = true
      const list = lists.get(job.id)
      if (list !== undefined) keep([listEndLine(list, paint)])
      // What failed of a list is counted in its line, and named at the end.
      const of = lists.ended(job)
      if (list === undefined && (of === undefined || job.state === 'done')) keep(endLines(job, paint))
    },
    expanded: (list, jobs) => {
      views.delete(list.id)
      lists.add(list, jobs)
      for (const job of jobs) views.set(job.id, viewOf(job))
      dirty = true
    },
    hold: () => {
      held++
      block.clear()
      return () => {
        held--
        if (held === 0 && waiting.length > 0) block.persist(waiting.splice(0).join('\n'))
        dirty = true
      }
    },
    note: (says) => {
      trouble = says
      dirty = true
    },
    close: (closing) => {
      clearInterval(timer)
      block.clear()
      block.done()
      if (closing !== undefined) stdout.write(`${closingLines(closing, paint).join('\n')}\n`)
      else if (trouble !== '') stdout.write(`${trouble}\n`)
    },
  }
}

export interface Picture {
  readonly views: readonly JobView[]
  readonly lists?: readonly ListView[]
  readonly trouble?: string
}

/** The lines of one picture: those that run first, as many as the terminal has room for; lists last. Pure. */
export function frame(
  { views, lists = [], trouble = '' }: Picture,
  { columns, rows }: { readonly columns: number; readonly rows: number },
  paint: Paint,
): string[] {
  // The last column stays free: some terminals wrap a line that fills it.
  const width = Math.max(20, columns - 1)
  const open = views.filter((view) => !endedStates.includes(view.state))
  const running = open.filter((view) => view.state === 'running')
  // What waits of a list is in its line already.
  const order = lists.length > 0 ? running : [...running, ...open.filter((view) => view.state !== 'running')]
  const least = Math.max(1, rows - 3)
  const totals = lists.slice(0, Math.max(1, least - 2)).map((list) => listLine(list, width, paint))
  const room = Math.max(1, least - totals.length)
  const shown = order.slice(0, order.length > room ? room - 1 : room)
  const lines = shown.map((view) => progressLine(view, width, paint))
  if (order.length > shown.length) {
    lines.push(
      paint.dim(fit(`… ${order.length - shown.length} more (${running.length} of ${order.length} run)`, width)),
    )
  }
  lines.push(...totals)
  if (trouble !== '') lines.push(fit(trouble, width))
  return lines
}

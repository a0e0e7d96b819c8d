import type { Event } from '@jackdaw/contract/events.ts'
import type { FaultView } from '@jackdaw/contract/faults.ts'
import type { Job, JobDetail, JobState, Progress } from '@jackdaw/contract/nouns/job.ts'

/** What a progress line needs to know of one job. */
export interface JobView {
  readonly id: string
  readonly title: string
  readonly state: JobState
  /** What it does now: the label of the step that moves. */
  readonly doing?: string
  /** Running steps and their progress; a finished one that counted bytes stays for the sum. */
  readonly steps: ReadonlyMap<string, StepView>
  readonly note?: string
  readonly fault?: FaultView
}

export interface StepView {
  readonly label: string
  readonly progress?: Progress
  readonly over?: boolean
}

export function viewOf(job: Job): JobView {
  return {
    id: job.id,
    title: job.title || job.link,
    state: job.state,
    steps: new Map(),
    ...(job.doing === undefined ? {} : { doing: job.doing }),
    ...(job.fault === undefined ? {} : { fault: job.fault }),
  }
}

/** The job after an event. Pure; the same events in the same order give the same view. */
export function applyEvent(view: JobView, event: Event): JobView {
  switch (event.type) {
    case 'job.queued':
      return { ...fresh(view), title: event.data.title || event.data.link, state: 'queued' }
    case 'job.planned':
      return { ...view, title: event.data.title || view.title }
    case 'job.started':
      return { ...view, state: 'running' }
    case 'job.paused':
      return { ...view, state: 'paused' }
    case 'job.resumed':
      return { ...view, state: 'running' }
    case 'job.retried':
      return { ...fresh(view), state: 'queued' }
    case 'job.done':
      return { ...view, state: 'done' }
    case 'job.failed':
      return { ...view, state: 'failed', fault: event.data.fault }
    case 'job.cancelled':
      return { ...view, state: 'cancelled' }
    case 'step.started':
      return withStep(view, event.data.step, event.data.label)
    case 'step.progress':
      return withStep(view, event.data.step, event.data.label, event.data.progress)
    case 'step.retrying':
      return { ...withStep(view, event.data.step, event.data.label), note: event.data.fault.says }
    case 'step.done':
      return withoutStep(view, event.data.step)
    default:
      return view
  }
}

/** How far the whole job is: bytes of its parts together, else the step that moves. */
export function progressOf(view: JobView): Progress | undefined {
  const known = [...view.steps.values()].flatMap(({ progress }) => (progress === undefined ? [] : [progress]))
  const last = known.at(-1)
  if (last === undefined || last.unit !== 'bytes') return last
  const parts = known.filter((progress) => progress.unit === 'bytes')
  if (parts.length === 1) return last
  const sum = (pick: (progress: Progress) => number | undefined) =>
    parts.reduce((total, progress) => total + (pick(progress) ?? 0), 0)
  const of = parts.every((progress) => progress.of !== undefined) ? sum((progress) => progress.of) : undefined
  const done = sum((progress) => progress.done)
  const speed = sum((progress) => (progress.done === progress.of ? 0 : progress.speed))
  return {
    unit: 'bytes',
    done,
    speed,
    ...(of === undefined ? {} : { of }),
    ...(of === undefined || speed === 0 ? {} : { etaSeconds: (of - done) / speed }),
  }
}

/** Bytes that reached their places, each asset once. */
export function deliveredBytes(job: JobDetail): number {
  const assets = new Map(job.receipts.map((receipt) => [receipt.asset, receipt.bytes]))
  return [...assets.values()].reduce((total, bytes) => total + bytes, 0)
}

function withStep(view: JobView, step: string, label: string, progress?: Progress): JobView {
  const steps = new Map(view.steps)
  // To the end: the step that spoke last is the one shown.
  steps.delete(step)
  steps.set(step, { label, ...(progress === undefined ? {} : { progress }) })
  const { note: _, ...rest } = view
  const state = view.state === 'queued' ? 'running' : view.state
  return { ...rest, state, doing: label, steps, ...(progress?.note === undefined ? {} : { note: progress.note }) }
}

function withoutStep(view: JobView, step: string): JobView {
  const steps = new Map(view.steps)
  const progress = steps.get(step)?.progress
  steps.delete(step)
  const running = [...steps.values()].findLast(({ over }) => !over)
  if (progress?.unit === 'bytes') {
    // The last report of a step comes before its last bytes.
    const done = Math.max(progress.done, progress.of ?? 0)
    const finished: StepView = { label: '', over: true, progress: { unit: 'bytes', done, of: done } }
    // To the front: it is not the one that is shown.
    return { ...view, doing: running?.label ?? 'waiting', steps: new Map([[step, finished], ...steps]) }
  }
  return { ...view, doing: running?.label ?? 'waiting', steps }
}

function fresh(view: JobView): JobView {
  const { note: _, fault: __, doing: ___, ...rest } = view
  return { ...rest, steps: new Map() }
}

import type { Event } from '@jackdaw/contract/events.ts'
import type { FaultView } from '@jackdaw/contract/faults.ts'
import type { Job, JobDetail, JobState, Progress, StepKind } from '@jackdaw/contract/nouns/job.ts'

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
  readonly kind: StepKind
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
      return { ...quiet(view), title: event.data.title || view.title }
    case 'job.asked':
      return { ...view, title: event.data.title || view.title, state: 'running', note: 'waits for your choice' }
    case 'job.expanded':
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
      return withStep(view, event.data)
    case 'step.progress':
      return withStep(view, event.data, event.data.progress)
    case 'step.retrying':
      return { ...withStep(view, event.data), note: event.data.fault.says }
    case 'step.done':
      return withoutStep(view, event.data.step)
    default:
      return view
  }
}

/**
 * How far the job is in what it does now: the parts that it fetches together, else the step that moves. Parts that count
 * differently (a stream in seconds, its subtitles in bytes) do not take turns: seconds are shown, then bytes.
 */
export function progressOf(view: JobView): Progress | undefined {
  const known = [...view.steps.values()].flatMap(({ kind, progress }) => (progress ? [{ kind, progress }] : []))
  const last = known.at(-1)
  if (last === undefined || last.kind === 'process') return last?.progress
  const alike = known.filter(({ kind }) => kind === last.kind).map(({ progress }) => progress)
  const unit = (['seconds', 'bytes', 'items'] as const).find((one) => alike.some((progress) => progress.unit === one))
  const parts = alike.filter((progress) => progress.unit === unit)
  return parts.length === 1 ? parts[0] : sumOf(parts)
}

function sumOf(parts: readonly Progress[]): Progress {
  const sum = (pick: (progress: Progress) => number | undefined) =>
    parts.reduce((total, progress) => total + (pick(progress) ?? 0), 0)
  const of = parts.every((progress) => progress.of !== undefined) ? sum((progress) => progress.of) : undefined
  const done = sum((progress) => progress.done)
  const speed = sum((progress) => (progress.done === progress.of ? 0 : progress.speed))
  return {
    unit: parts[0]?.unit ?? 'bytes',
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

type StepName = { readonly step: string; readonly kind: StepKind; readonly label: string }

function withStep(view: JobView, { step, kind, label }: StepName, progress?: Progress): JobView {
  const steps = new Map(view.steps)
  // To the end: the step that spoke last is the one shown.
  steps.delete(step)
  steps.set(step, { kind, label, ...(progress === undefined ? {} : { progress }) })
  const state = view.state === 'queued' ? 'running' : view.state
  const note = progress?.note === undefined ? {} : { note: progress.note }
  return { ...quiet(view), state, doing: label, steps, ...note }
}

function withoutStep(view: JobView, step: string): JobView {
  const steps = new Map(view.steps)
  const ended = steps.get(step)
  steps.delete(step)
  const doing = [...steps.values()].findLast(({ over }) => !over)?.label ?? 'waiting'
  // What was processed is behind us; the parts of a fetch stay in its sum.
  if (ended?.progress === undefined || ended.kind === 'process') return { ...view, doing, steps }
  const { progress, kind } = ended
  // The last report of a step comes before its last bytes.
  const done = Math.max(progress.done, progress.of ?? 0)
  const finished: StepView = { kind, label: '', over: true, progress: { unit: progress.unit, done, of: done } }
  // To the front: it is not the one that is shown.
  return { ...view, doing, steps: new Map([[step, finished], ...steps]) }
}

function fresh(view: JobView): JobView {
  const { fault: _, doing: __, ...rest } = quiet(view)
  return { ...rest, steps: new Map() }
}

function quiet(view: JobView): JobView {
  const { note: _, ...rest } = view
  return rest
}

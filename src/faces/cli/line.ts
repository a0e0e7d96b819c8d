import stringWidth from 'string-width'
import { type FaultView, fromView } from '@jackdaw/contract/faults.ts'
import type { JobDetail } from '@jackdaw/contract/nouns/job.ts'
import { type Paint, clock, fit, pad, plain, size, span } from './format.ts'
import { type JobView, deliveredBytes, progressOf } from './view.ts'

/** One line of a running job, never wider than `width`: what matters least is left out first. Pure. */
export function progressLine(view: JobView, width: number, paint: Paint): string {
  const progress = progressOf(view)
  const share = progress?.of ? Math.min(1, progress.done / progress.of) : undefined
  const amount =
    progress === undefined
      ? ''
      : progress.unit === 'bytes'
        ? progress.of === undefined
          ? size(progress.done)
          : `${size(progress.done)} of ${size(progress.of)}`
        : `${Math.round(progress.done)}${progress.of === undefined ? '' : ` of ${Math.round(progress.of)}`} ${progress.unit}`
  const speed = progress?.unit === 'bytes' && progress.speed ? `${size(progress.speed)}/s` : ''
  const eta = progress?.etaSeconds === undefined ? '' : clock(progress.etaSeconds)
  const percent = share === undefined ? '' : `${Math.floor(share * 100)}%`.padStart(4)
  const now = view.state === 'running' ? plain(view.note ?? view.doing ?? 'running') : view.state
  // The last named is the first to go when the terminal is narrow.
  const parts = [
    { text: percent, order: 0 },
    { text: speed, order: 3 },
    { text: amount, order: 2 },
    { text: eta === '' ? '' : `ETA ${eta}`, order: 4 },
    { text: fit(now, 32), order: 1 },
  ].filter((part) => part.text !== '')
  const titleLeast = Math.min(16, Math.floor(width / 2))
  let shown = [...parts]
  const tail = () => shown.map((part) => part.text).join('  ')
  while (shown.length > 0 && titleLeast + 2 + stringWidth(tail()) > width) {
    const last = Math.max(...shown.map((part) => part.order))
    shown = shown.filter((part) => part.order !== last)
  }
  const right = tail()
  const free = width - stringWidth(right) - (right === '' ? 0 : 2)
  const barWidth = share === undefined || free < 46 ? 0 : Math.min(24, free - 34)
  const title = pad(plain(view.title), Math.min(free - (barWidth > 0 ? barWidth + 4 : 0), 60))
  const drawn = barWidth > 0 ? `  ${bar(share ?? 0, barWidth, paint)}` : ''
  return `${title}${drawn}${right === '' ? '' : `  ${right}`}`
}

/** What stays on the screen of a job that has ended. Several places get a line each. */
export function endLines(job: JobDetail, paint: Paint): string[] {
  if (job.state === 'done') {
    const bytes = deliveredBytes(job)
    const seconds = secondsOf(job)
    const rate = bytes > 0 && seconds > 0.05 ? `  ${size(bytes / seconds)}/s` : ''
    const places = job.receipts.map((receipt) => plain(receipt.place))
    const name = plain(job.assets.length === 1 ? (job.assets[0]?.name ?? job.title) : job.title)
    const head = `${paint.green('✓')} ${paint.bold(name)}  ${size(bytes)}${rate}  ${span(seconds)}`
    return places.length === 1 ? [`${head}  → ${places[0]}`] : [head, ...places.map((place) => `    → ${place}`)]
  }
  if (job.state === 'cancelled') return [`${paint.red('✗')} ${plain(job.title)}: cancelled`]
  return [failedLine(job.title, job.fault, paint), paint.dim(`    try again: jackdaw retry ${job.id}`)]
}

export function failedLine(title: string, fault: FaultView | undefined, paint: Paint): string {
  const says = fault === undefined ? 'failed' : `${plain(fault.says)} (${fault.code})`
  return `${paint.red('✗')} ${paint.bold(plain(title))}: ${says}`
}

export interface Totals {
  readonly done: number
  readonly failed: number
  readonly cancelled: number
  readonly bytes: number
  readonly seconds: number
}

export function summaryLine(totals: Totals): string {
  const counts = [
    `${totals.done} done`,
    ...(totals.failed > 0 ? [`${totals.failed} failed`] : []),
    ...(totals.cancelled > 0 ? [`${totals.cancelled} cancelled`] : []),
  ]
  return `${counts.join(', ')}  ${size(totals.bytes)} in ${span(totals.seconds)}`
}

/** The exit code that one ended job stands for: 0, its fault's, or 130 when it was cancelled. */
export function exitOf(job: Pick<JobDetail, 'state' | 'fault'>): number {
  if (job.state === 'done') return 0
  if (job.state === 'cancelled') return 130
  return job.fault === undefined ? 70 : fromView(job.fault).exit
}

function secondsOf(job: JobDetail): number {
  if (job.endedAt === null) return 0
  return Math.max(0, (Date.parse(job.endedAt) - Date.parse(job.startedAt ?? job.createdAt)) / 1000)
}

function bar(share: number, width: number, paint: Paint): string {
  const full = Math.floor(share * width)
  return `${paint.green('█'.repeat(full))}${paint.dim('░'.repeat(width - full))}`
}

import stringWidth from 'string-width'
import { type FaultView, fromView } from '@jackdaw/contract/faults.ts'
import type { JobDetail, Progress } from '@jackdaw/contract/nouns/job.ts'
import { formatDuration } from '#kernel/bytes.ts'
import { type Paint, clock, fit, pad, plain, size, span } from './format.ts'
import { type JobView, deliveredBytes, progressOf } from './view.ts'

/**
 * One line of a running job, never wider than `width`: name, bar, percent, size, speed, time left, step. What matters least
 * is left out first when the terminal is narrow. The columns of several lines stand under each other. Pure.
 */
export function progressLine(view: JobView, width: number, paint: Paint): string {
  const progress = progressOf(view)
  const share = progress?.of ? Math.min(1, progress.done / progress.of) : undefined
  const speed = progress === undefined ? '' : rate(progress)
  const eta = progress?.etaSeconds === undefined ? '' : formatDuration(progress.etaSeconds)
  const now = view.state === 'running' ? plain(view.note ?? view.doing ?? 'running') : view.state
  const cells = [
    { text: share === undefined ? '' : `${Math.floor(share * 100)}%`, width: 4, order: 0 },
    { text: progress === undefined ? '' : amount(progress), width: 15, order: 2 },
    { text: speed, width: 11, order: 3 },
    { text: eta, width: 5, order: 4 },
    // The name of the step comes last: a long remark may take what is left.
    { text: fit(now, 40), width: 0, order: 1 },
  ]
  const titleLeast = Math.min(14, Math.floor(width / 2))
  let shown = cells
  const right = () => shown.map((cell) => `  ${cell.text.padStart(cell.width)}`).join('')
  while (shown.length > 0 && titleLeast + stringWidth(right()) > width) {
    const last = Math.max(...shown.map((cell) => cell.order))
    shown = shown.filter((cell) => cell.order !== last)
  }
  // A step has at least the room of "fetching", so that the columns before it do not move.
  const room = width - stringWidth(right()) - Math.max(0, Math.min(10 - stringWidth(now), 10))
  // A title says more than a long bar.
  const barWidth = Math.min(24, room - titleLeast - 2, Math.max(8, Math.floor(room * 0.4)))
  const drawn = barWidth < 6 ? '' : `  ${share === undefined ? ' '.repeat(barWidth) : bar(share, barWidth, paint)}`
  const title = pad(plain(view.title), Math.min(60, Math.max(titleLeast, room - (drawn === '' ? 0 : barWidth + 2))))
  return `${title}${drawn}${right()}`.trimEnd()
}

/** What stays on the screen of a job that has ended. Several places get a line each. */
export function endLines(job: JobDetail, paint: Paint): string[] {
  if (job.state === 'done') {
    const bytes = deliveredBytes(job)
    const seconds = secondsOf(job)
    const rate = bytes > 0 && seconds > 0.05 ? `  ${size(bytes / seconds)}/s` : ''
    const places = job.receipts.map((receipt) => plain(receipt.place))
    const delivered = job.assets.filter(({ id }) => job.receipts.some(({ asset }) => asset === id))
    // What was fetched and worked on besides is not what arrived.
    const files = delivered.length > 0 ? delivered : job.assets
    const name = plain(files.length === 1 ? (files[0]?.name ?? job.title) : job.title)
    const head = `${paint.green('✓')} ${paint.bold(name)}  ${size(bytes)}${rate}  ${span(seconds)}`
    return places.length === 1 ? [`${head}  → ${places[0]}`] : [head, ...places.map((place) => `    → ${place}`)]
  }
  if (job.state === 'cancelled') return [`${paint.red('✗')} ${plain(job.title)}: cancelled`]
  const again = [`    try again: jackdaw retry ${job.id}${lacks(job.fault)}`]
  // What was fetched is good; only what was to be made of it was not.
  if (job.fault?.code.startsWith('process.'))
    again.push(`    or take it as it came: jackdaw retry ${job.id} --recipe plain`)
  return [failedLine(job.title, job.fault, paint), ...again.map((line) => paint.dim(line))]
}

/** What a second try needs to come out otherwise, as it is typed. */
function lacks(fault: FaultView | undefined): string {
  const flags: Readonly<Record<string, string>> = {
    'process.password': ' --archive-password-file FILE',
    'source.protected': ' --key KID:KEY',
    'source.login': ' --cookies FILE',
    'source.bot-check': ' --cookies FILE',
  }
  return flags[fault?.code ?? ''] ?? ''
}

export function failedLine(title: string, fault: FaultView | undefined, paint: Paint): string {
  const says = fault === undefined ? 'failed' : `${plain(fault.says)} (${fault.code})`
  return `${paint.red('✗')} ${paint.bold(plain(title))}: ${says}`
}

/** A list whose entries are fetched, as the screen shows it. */
export interface ListView {
  readonly title: string
  readonly count: number
  readonly ended: number
  readonly failed: number
}

/** One line for a list, cell by cell under those of its entries: how many have ended and how many of those failed. Pure. */
export function listLine({ title, count, ended, failed }: ListView, width: number, paint: Paint): string {
  const step = { kind: 'process', label: 'list', progress: { unit: 'items', done: ended, of: count } } as const
  const doing = failed === 0 ? 'list' : `${failed} failed`
  return progressLine({ id: '', title, state: 'running', doing, steps: new Map([['list', step]]) }, width, paint)
}

/** What stays on the screen of a list that has ended; its entries have lines of their own. */
export function listEndLine({ title, count, failed }: ListView, paint: Paint): string {
  const mark = failed === 0 ? paint.green('✓') : paint.red('✗')
  return `${mark} ${paint.bold(plain(title))}  ${failed === 0 ? count : `${count - failed} of ${count}`} fetched`
}

export interface Totals {
  readonly done: number
  readonly failed: number
  readonly cancelled: number
  readonly bytes: number
  readonly seconds: number
}

/** What is said when everything has ended. */
export interface Closing {
  readonly totals: Totals
  /** Named once more, when they are too many or too far up to be seen. */
  readonly failed: readonly Pick<JobDetail, 'title' | 'fault'>[]
  /** Entries that the far side does not give. */
  readonly skipped: readonly { readonly title: string; readonly reason: string }[]
  /** What "jackdaw retry" takes to begin all failed ones anew. */
  readonly again?: string
}

export function closingLines({ totals, failed, skipped, again }: Closing, paint: Paint): string[] {
  return [
    ...failed.map(({ title, fault }) => failedLine(title, fault, paint)),
    ...skipped.map(({ title, reason }) => `${paint.dim('–')} ${plain(title)}: skipped: ${plain(reason)}`),
    ...(again === undefined ? [] : [paint.dim(`    try what failed again: jackdaw retry ${again}`)]),
    summaryLine(totals, skipped.length),
  ]
}

export function summaryLine(totals: Totals, skipped = 0): string {
  const counts = [
    `${totals.done} done`,
    ...(totals.failed > 0 ? [`${totals.failed} failed`] : []),
    ...(totals.cancelled > 0 ? [`${totals.cancelled} cancelled`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
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

/** `3.8/19.1 MiB`, both in the unit of the whole; `3.8 MiB` while the whole is unknown; `0:12/1:30`; `3/12 items`. */
function amount({ unit, done, of }: Progress): string {
  if (unit === 'seconds') return of === undefined ? clock(done) : `${clock(done)}/${clock(of)}`
  if (unit === 'items') return `${Math.round(done)}${of === undefined ? '' : `/${Math.round(of)}`} items`
  if (of === undefined) return size(done)
  const [whole = '', name = ''] = size(of).split(' ')
  const share = of === 0 ? 0 : (Number(whole) * done) / of
  return `${share.toFixed(name === 'B' ? 0 : 1)}/${whole} ${name}`
}

/** `4.0 MiB/s`, or how many times faster than it plays: `2.1x`. */
function rate({ unit, speed }: Progress): string {
  if (!speed || unit === 'items') return ''
  if (unit === 'bytes') return `${size(speed)}/s`
  return `${speed < 10 ? speed.toFixed(1) : Math.round(speed)}x`
}

function bar(share: number, width: number, paint: Paint): string {
  const full = Math.floor(share * width)
  return `${paint.green('█'.repeat(full))}${paint.dim('░'.repeat(width - full))}`
}

import { Fault } from '@jackdaw/contract/faults.ts'
import type { Clip } from '@jackdaw/contract/nouns/options.ts'

/** A stretch that lies in the file, in seconds. `to` is absent where nobody knows how long the file is. */
export interface Range {
  readonly from: number
  readonly to: number | undefined
}

/** Ranges cut at the end of the file. Faults: `process.failed` when one begins after it. */
export function rangesWithin(ranges: readonly Clip[], seconds: number | undefined, name: string): readonly Range[] {
  return ranges.map(({ from, to }) => {
    if (seconds !== undefined && from >= seconds) {
      const reason = `${name} is ${clock(seconds)} long, so nothing of it is after ${clock(from)}`
      throw new Fault('process.failed', { reason })
    }
    return { from, to: seconds === undefined ? to : Math.min(to ?? seconds, seconds) }
  })
}

/** What is added to a name: ` (0m10s-1h02m03s)`, as `--clip` takes it too; a colon is not for names of files. */
export function labelOf({ from, to }: Range): string {
  return ` (${named(from)}-${to === undefined ? 'end' : named(to)})`
}

export function lengthOfRange({ from, to }: Range): number | undefined {
  return to === undefined ? undefined : to - from
}

/** Minutes and seconds, hours when there are some, a fraction when there is one. */
function clock(seconds: number): string {
  const thousandths = Math.round(seconds * 1000)
  const whole = Math.floor(thousandths / 1000)
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  const front = hours > 0 ? `${hours}:${two(minutes)}` : String(minutes)
  const fraction =
    thousandths % 1000 === 0
      ? ''
      : `,${String(thousandths % 1000)
          .padStart(3, '0')
          .replace(/0+$/, '')}`
  return `${front}:${two(rest)}${fraction}`
}

/** With both digits of seconds, so that clips of a film are in order when sorted by name. */
function named(seconds: number): string {
  const [last = '', minutes, hours] = clock(seconds).split(':').toReversed()
  return `${hours === undefined ? '' : `${hours}h`}${minutes}m${last.replace(',', '.')}s`
}

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

/** What is added to a name: ` (0.10-1.02.03)`; a colon is not for names of files. */
export function labelOf({ from, to }: Range): string {
  return ` (${dotted(from)}-${to === undefined ? 'end' : dotted(to)})`
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

function dotted(seconds: number): string {
  return clock(seconds).replaceAll(':', '.')
}

import { Fault } from '@jackdaw/contract/faults.ts'

/** Reads `1-5,8,12-` (numbers from 1, a range may be open at its end) as a question to ask of each number. Pure. */
export function itemsOf(text: string): (number: number) => boolean {
  const ranges = text.split(',').map((range) => {
    const match = /^\s*(\d+)\s*(-\s*(\d*))?\s*$/.exec(range)
    if (!match) throw new Fault('input.invalid', { reason: `expected items such as 1-5,8,12-, not "${text}"` })
    const from = Number(match[1])
    const to = match[2] === undefined ? from : match[3] ? Number(match[3]) : Infinity
    return { from, to }
  })
  return (number) => ranges.some(({ from, to }) => number >= from && number <= to)
}

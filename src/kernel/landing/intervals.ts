/** Which bytes are there: half-open, ascending, never touching. Pure: every function returns a new list. */
export type Intervals = readonly (readonly [from: number, to: number])[]

/** The list with `from`…`to` in it as well. */
export function withInterval(list: Intervals, from: number, to: number): Intervals {
  if (to <= from) return list
  const before: [number, number][] = []
  const after: [number, number][] = []
  let [low, high] = [from, to]
  for (const [start, end] of list) {
    if (end < low) before.push([start, end])
    else if (start > high) after.push([start, end])
    else [low, high] = [Math.min(low, start), Math.max(high, end)]
  }
  return [...before, [low, high], ...after]
}

/** What is not there between 0 and `total`. */
export function missing(list: Intervals, total: number): Intervals {
  const gaps: [number, number][] = []
  let at = 0
  for (const [from, to] of list) {
    if (from > at) gaps.push([at, Math.min(from, total)])
    at = Math.max(at, to)
    if (at >= total) break
  }
  if (at < total) gaps.push([at, total])
  return gaps
}

/** Up to where everything from 0 on is there. */
export function front(list: Intervals): number {
  const first = list[0]
  return first && first[0] === 0 ? first[1] : 0
}

export function sum(list: Intervals): number {
  return list.reduce((total, [from, to]) => total + to - from, 0)
}

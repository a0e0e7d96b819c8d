/** Where parts begin: the first at the beginning, the last at the end, the others evenly between. Seconds. */
export function momentsOf(seconds: number, totalSeconds: number, partSeconds: number): readonly number[] {
  const count = Math.max(1, Math.round(totalSeconds / partSeconds))
  if (count === 1) return [Math.max(0, (seconds - partSeconds) / 2)]
  const step = Math.max(0, seconds - partSeconds) / (count - 1)
  return Array.from({ length: count }, (_, index) => index * step)
}

/** Parts from their key frames on; those that meet become one, so that nothing is shown twice. */
export function stretchesOf(
  keys: readonly number[],
  partSeconds: number,
  seconds: number,
): readonly { readonly from: number; readonly to: number }[] {
  const parts: { from: number; to: number }[] = []
  for (const from of keys) {
    const to = Math.min(from + partSeconds, seconds)
    const last = parts.at(-1)
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
    else parts.push({ from, to })
  }
  return parts
}

/** Cuts into parts of equal length. Seconds. */
export function firstCuts(seconds: number, parts: number): readonly number[] {
  return Array.from({ length: parts - 1 }, (_, index) => ((index + 1) * seconds) / parts)
}

/**
 * Cuts where the parts would have equal bytes, from the sizes that earlier cuts gave. Between two cuts the bytes are taken
 * to come evenly. Each try asks for smaller parts, because a part ends at the key frame after its cut.
 */
export function cutsByBytes(
  cuts: readonly number[],
  sizes: readonly number[],
  { seconds, bytes, tried }: { readonly seconds: number; readonly bytes: number; readonly tried: number },
): readonly number[] {
  const edges = [0, ...cuts, seconds]
  const whole = sizes.reduce((sum, size) => sum + size, 0)
  const target = bytes * Math.max(0.5, 1 - 0.1 * tried)
  const parts = Math.max(cuts.length + 1, Math.ceil(whole / target))
  const moved: number[] = []
  let before = 0
  for (const [index, size] of sizes.entries()) {
    const [from = 0, to = seconds] = edges.slice(index, index + 2)
    for (;;) {
      const wanted = ((moved.length + 1) * whole) / parts
      if (moved.length >= parts - 1 || wanted > before + size) break
      moved.push(size === 0 ? to : from + ((wanted - before) / size) * (to - from))
    }
    before += size
  }
  return moved
}

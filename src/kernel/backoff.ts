/**
 * Milliseconds to wait before the next try: exponential with full jitter, so that a thousand jobs that failed together
 * do not come back together (Exponential Backoff And Jitter, AWS architecture blog). `failed` counts failed tries, from 1.
 */
export function backoffMs(
  failed: number,
  how: { readonly baseMs?: number; readonly capMs?: number; readonly random?: () => number } = {},
): number {
  const { baseMs = 1_000, capMs = 300_000, random = Math.random } = how
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.max(0, failed - 1))
  return Math.round(ceiling * random())
}

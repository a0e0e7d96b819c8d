/** A limit on bytes per second that lets through at once and says afterwards how long to pause. */
export interface Bandwidth {
  /** Takes the bytes from the bucket; returns milliseconds to pause before reading on, 0 while within the limit. */
  charge(bytes: number): number
  /** Changes the limit at run time; undefined lifts it. What is owed is kept, at the other rate. */
  limit(bytesPerSecond: number | undefined): void
}

/**
 * A token bucket that holds a quarter of a second: enough to swallow the jitter of timers, too little to be seen as a
 * burst. Shared by everything that it limits: each charge waits for the debts before it, so many readers get one rate.
 */
export function createBandwidth(
  bytesPerSecond: number | undefined,
  now: () => number = () => performance.now(),
): Bandwidth {
  let rate = bytesPerSecond
  let tokens = (rate ?? 0) / 4
  let at = now()
  const refill = () => {
    const time = now()
    if (rate !== undefined) tokens = Math.min(rate / 4, tokens + ((time - at) * rate) / 1000)
    at = time
  }
  return {
    charge(bytes) {
      if (rate === undefined) return 0
      refill()
      tokens -= bytes
      return tokens >= 0 ? 0 : Math.ceil((-tokens * 1000) / rate)
    },
    limit(next) {
      if (next !== undefined && !(next > 0)) throw new RangeError('a bandwidth limit is above 0')
      refill()
      tokens = rate === undefined || next === undefined ? 0 : (tokens * next) / rate
      rate = next
    },
  }
}

/** Several limits at once (house and job): every one is charged, and the longest pause counts. */
export function combined(...limits: readonly Bandwidth[]): Pick<Bandwidth, 'charge'> {
  return { charge: (bytes) => limits.reduce((pause, limit) => Math.max(pause, limit.charge(bytes)), 0) }
}

/** How many lanes to have, and what to do about it. */
export interface Growth {
  readonly lanes: number
  /** Bytes per second that fewer lanes brought, while more are on trial. */
  readonly before: Trial | undefined
  /** Not before this time (ms) is there another trial. */
  readonly holdUntil: number
}

interface Trial {
  readonly lanes: number
  readonly rate: number
  /** The most that any window of the trial brought. */
  readonly best: number
  /** Windows so far in which more lanes did not pay. */
  readonly doubts: number
}

export const oneLane: Growth = { lanes: 1, before: undefined, holdUntil: 0 }

/** Each trial takes so many times more lanes: three trials lead from one to 64. */
const factor = 4
/** One bad window may be the fault of a busy machine: so many decide. */
const usualPatience = 2
/** More lanes stay only if each brings at least half of what one brought before. */
const worth = 0.5
/** Lines and servers change their minds: then another trial is due. */
const againMs = 5000
/** A lane that brings more than this (1.6 Gbit/s) is held up neither by distance nor by a limit of each connection. */
const plentyPerLane = 200e6
/** What would be done sooner than this is not worth the connections. */
const worthwhileSeconds = 0.8

/**
 * The next step after a window in which `rate` bytes per second arrived by all lanes. Pure. More lanes are tried while
 * each adds throughput; a trial that does not pay is taken back
 * after `patience` windows.
 */
export function grow(
  growth: Growth,
  seen: { rate: number; remaining: number; most: number; now: number; patience?: number },
): Growth {
  const { rate, remaining, most, now, patience = usualPatience } = seen
  const { before, lanes } = growth
  if (before !== undefined) {
    const best = Math.max(rate, before.best)
    const gain = (best - before.rate) / Math.max(1, before.rate)
    const full = lanes / before.lanes - 1
    if (gain < worth * full) {
      const doubts = before.doubts + 1
      if (doubts < patience) return { ...growth, before: { ...before, best, doubts } }
      // A little more by a few more is kept: as many lanes as pay for themselves.
      const paying = Math.max(before.lanes, Math.floor(before.lanes * (1 + gain)))
      return { lanes: Math.min(lanes, paying), before: undefined, holdUntil: now + againMs }
    }
  }
  const idle = { lanes, before: undefined, holdUntil: growth.holdUntil }
  if (now < growth.holdUntil || lanes >= most || rate === 0) return idle
  if (remaining / rate < worthwhileSeconds || rate / lanes > plentyPerLane) return idle
  return { lanes: Math.min(most, lanes * factor), before: { lanes, rate, best: 0, doubts: 0 }, holdUntil: 0 }
}

/** After a refused connection: back to one, and no trial for a long while. */
export function refused(now: number): Growth {
  return { lanes: 1, before: undefined, holdUntil: now + 60 * againMs }
}

/** As many as there may be for now. */
export function settled(lanes: number, now: number): Growth {
  return { lanes, before: undefined, holdUntil: now + againMs }
}

import type { Progress } from '@jackdaw/contract/nouns/job.ts'

/** Adds speed and ETA to progress: an average that forgets with a half-life of about three seconds. */
export function createSpeedometer(now: () => number = () => performance.now()): (progress: Progress) => Progress {
  let at: number | undefined
  let done = 0
  let speed: number | undefined
  return (progress) => {
    const time = now()
    if (at === undefined || progress.done < done) {
      at = time
      done = progress.done
      return progress
    }
    const seconds = (time - at) / 1000
    // Shorter samples measure the clock more than the transfer.
    if (seconds >= 0.2) {
      const sample = (progress.done - done) / seconds
      const weight = 1 - 0.5 ** (seconds / 3)
      speed = speed === undefined ? sample : speed + weight * (sample - speed)
      at = time
      done = progress.done
    }
    if (speed === undefined) return progress
    const left = progress.of === undefined ? undefined : Math.max(0, progress.of - progress.done)
    return {
      ...progress,
      speed: Math.round(speed),
      ...(left !== undefined && speed > 0 && { etaSeconds: Math.ceil(left / speed) }),
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { databaseFault, isPassing } from '#db/fault.ts'

/** Between two knocks at a database that is away: a restart takes a second or two. */
const knockMs = 250

/**
 * Does a piece of database work again and again while the database cannot be reached or has no room: neither is a
 * fault of the step. For work that is safe to repeat, because a lost answer may have been a commit. Throws `house.database`
 * or `house.disk-full` once the signal ends the patience, and anything else at once.
 */
export async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted || !isPassing(error)) throw databaseFault(error)
      await sleep(knockMs, undefined, { signal }).catch(() => {
        throw databaseFault(error)
      })
    }
  }
}

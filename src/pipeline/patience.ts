import { setTimeout as sleep } from 'node:timers/promises'
import { databaseFault, isConnectionLoss } from '#db/fault.ts'

/** Between two knocks at a database that is away: a restart takes a second or two. */
const knockMs = 250

/**
 * Does a piece of database work again and again while the database cannot be reached: a restart of it is no fault of
 * the step. For work that is safe to repeat, because a lost answer may have been a commit. Throws `house.database` once
 * the signal ends the patience, and anything else at once.
 */
export async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted || !isConnectionLoss(error)) throw databaseFault(error)
      await sleep(knockMs, undefined, { signal }).catch(() => {
        throw databaseFault(error)
      })
    }
  }
}

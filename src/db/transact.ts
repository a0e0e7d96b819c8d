import type { Db, Tx } from './open.ts'
import { errorCode } from './fault.ts'
import { pause } from './pause.ts'

// Collisions of short transactions resolve within one or two tries; more means that they collide by design.
const tries = 5

export interface TransactOptions {
  /** Stops before the next try; a running transaction is not torn. */
  readonly signal?: AbortSignal
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable'
}

/**
 * Runs `work` in one transaction, again after a serialization failure or deadlock and after nothing else: a lost
 * connection may have come after the commit. `work` may run several times, so it does nothing but SQL on its `tx`.
 */
export async function transact<T, R>(
  db: Db<T>,
  work: (tx: Tx<T>) => Promise<R>,
  { signal, isolation }: TransactOptions = {},
): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    try {
      const transaction = db.transaction()
      return await (isolation ? transaction.setIsolationLevel(isolation) : transaction).execute(work)
    } catch (error) {
      if (attempt === tries || !collided(error)) throw error
      await pause(Math.random() * 10 * 2 ** attempt, signal)
    }
  }
}

/** serialization_failure, deadlock_detected */
function collided(error: unknown): boolean {
  const code = errorCode(error)
  return code === '40001' || code === '40P01'
}

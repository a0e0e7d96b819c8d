import { Fault } from '@jackdaw/contract/faults.ts'
import { knownFault } from '#kernel/net/failures.ts'

/**
 * The fault behind an error of a connection, a request or a file. An error that is none of these is returned unchanged,
 * for the caller to rethrow.
 */
export function networkFault(thrown: unknown): unknown {
  const known = knownFault(thrown)
  if (known) return known
  for (let error = thrown, depth = 0; error instanceof Error && depth < 8; error = error.cause, depth += 1)
    if ('code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT'))
      return new Fault('house.disk-full', {}, { cause: thrown })
  if (thrown instanceof TypeError && /terminated|fetch failed/.test(thrown.message))
    return new Fault('source.broken', { reason: 'the connection was cut' }, { cause: thrown })
  return thrown
}

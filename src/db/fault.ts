import { Fault, isFault } from '@jackdaw/contract/faults.ts'

/**
 * Whether the error means that the database could not be reached or the connection to it was lost: waiting and trying
 * again may help, and an open transaction is rolled back (or, during its commit, may have been committed).
 */
export function isConnectionLoss(error: unknown): boolean {
  if (isFault(error)) return isFault(error, 'house.database')
  return reasonOf(error) !== undefined
}

/** Whether the same work may succeed in a while: the database is away, or its disk is full. */
export function isPassing(error: unknown): boolean {
  return isConnectionLoss(error) || errorCode(error) === diskFull || isFault(error, 'house.disk-full')
}

// SQLSTATE disk_full.
const diskFull = '53100'

/** `house.database` for a lost connection, `house.disk-full`, or anything else as it is. The original is the cause. */
export function databaseFault(error: unknown): unknown {
  if (errorCode(error) === diskFull) return new Fault('house.disk-full', {}, { cause: error })
  const reason = reasonOf(error)
  return reason === undefined ? error : new Fault('house.database', { reason }, { cause: error })
}

/** What PostgreSQL calls the error (SQLSTATE), or what the system does (`ECONNREFUSED`). */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  ENOENT: 'it is not running',
  ENOTFOUND: 'its host name is unknown',
  EAI_AGAIN: 'its host name cannot be looked up now',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no way to its network',
  EPIPE: 'the connection was cut',
  '57P01': 'it is being shut down',
  '57P02': 'it crashed',
  '57P03': 'it is starting up',
  '57P05': 'the connection was idle for too long',
  '53300': 'it has no free connections',
  '25P03': 'a transaction was idle for too long',
}

// The driver gives these no code.
const messages: readonly [RegExp, string][] = [
  [/^timeout exceeded when trying to connect/, 'no connection became free in time'],
  [/^(timeout expired|Connection terminated due to connection timeout)/, 'it does not answer'],
  [/^(Connection terminated|Client has encountered a connection error)/, 'the connection was cut'],
  [/^Client was closed and is not queryable/, 'the connection was closed'],
]

function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof Fault) return undefined
  // Several addresses were tried (::1 and 127.0.0.1): the first one's failure stands for all.
  if (error instanceof AggregateError) return reasonOf(error.errors[0])
  const code = errorCode(error)
  if (code !== undefined && code in reasons) return reasons[code]
  // SQLSTATE class 08: connection exceptions.
  if (code !== undefined && /^08...$/.test(code)) return 'the connection was cut'
  return messages.find(([pattern]) => pattern.test(error.message))?.[1]
}

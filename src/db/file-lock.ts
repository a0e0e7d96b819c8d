import { DatabaseSync } from 'node:sqlite'
import { pause } from './pause.ts'

/** A lock on a file that the kernel lets go of when this process dies, however it dies. */
export interface FileLock extends Disposable {
  readonly path: string
}

/**
 * Takes the lock or answers `undefined` at once. The file is created when missing and may be removed by its holder.
 * It excludes other processes and other holders in this process.
 *
 * Node has no flock(2). SQLite's exclusive transaction is a POSIX record lock: it needs no pid files, no guessing
 * whether a holder still lives, is seen across containers on one machine, and is not inherited by children.
 */
export function tryFileLock(path: string): FileLock | undefined {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    // Nothing is ever written: no journal beside the file, and a full disk does not matter.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (isBusy(error)) return undefined
    throw error
  }
  return { path, [Symbol.dispose]: () => database.close() }
}

/** Waits for the lock; throws the signal's reason when aborted. Give the signal a deadline. */
export async function takeFileLock(path: string, signal: AbortSignal): Promise<FileLock> {
  for (;;) {
    signal.throwIfAborted()
    const lock = tryFileLock(path)
    if (lock) return lock
    // Uneven pauses, so that twenty waiters do not knock in step.
    await pause(5 + Math.random() * 20, signal)
  }
}

/** SQLITE_BUSY: somebody else holds it. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { EmbeddedDatabase } from './embedded.ts'
import type { Log } from './log.ts'

/** Asking the kernel for a process costs microseconds. */
const lookEveryMs = 500
const longestPauseMs = 30_000

/**
 * Starts the embedded server again when it dies or is stopped while this house is open; whoever of several houses comes
 * first does it, and the connection pools find it under the same address. A server that will not start is tried again at
 * growing intervals.
 */
export function keepRunning(server: Pick<EmbeddedDatabase, 'isRunning' | 'revive'>, log: Log): AsyncDisposable {
  const stop = new AbortController()
  const done = watch(server, log, stop.signal)
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await done
    },
  }
}

async function watch(
  server: Pick<EmbeddedDatabase, 'isRunning' | 'revive'>,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = lookEveryMs
  while (!signal.aborted) {
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted || (await server.isRunning())) continue
    try {
      log.warn({}, 'the database server has gone; starting it again')
      await server.revive(signal)
      log.info({}, 'the database server runs again')
      pauseMs = lookEveryMs
    } catch (error) {
      if (signal.aborted) return
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
      log.error({ err: error }, 'the database server could not be started again')
    }
  }
}

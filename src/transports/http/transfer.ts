import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { networkFault } from '#kernel/http/network-fault.ts'
import type { Context } from './context.ts'
import { drop, follow } from '#kernel/http/follow.ts'
import { fetchFast } from './fast/fast.ts'
import { fetchPlain } from './plain.ts'
import { Unusual } from '#kernel/http/head.ts'
import { Changed, Moved, Untrue } from './signals.ts'

/** A file that changes more often while it is fetched is being written: the pipeline tries again later. */
const mostRestarts = 3
/** Less than this between two failures is no progress: a server that drops every connection at once ends the attempt. */
const progressBytes = 64 * 1024

/**
 * Gets all bytes of a file, by whatever way works: goes on after dropped connections and stalls, starts over when the
 * file has changed. Resolves to its length. Throws a fault once that brings nothing; all that landed stays.
 */
export async function transfer(context: Context, expected: number | undefined): Promise<number> {
  const { run, landing, tuning } = context
  let [fast, moved] = [tuning.fast, false]
  let [restarts, failures, best] = [0, 0, landing.bytes]
  for (;;) {
    run.signal.throwIfAborted()
    try {
      const total = landing.version?.bytes ?? expected
      return fast && total !== undefined ? await fetchFast(context, total) : await fetchPlain(context)
    } catch (error) {
      run.signal.throwIfAborted()
      if (error instanceof Unusual) {
        run.log({ site: context.final.hostname, reason: error.message }, 'the well-kept client takes over')
        if (error instanceof Moved && !moved) await whereNow(context)
        else fast = false
        moved ||= error instanceof Moved
        continue
      }
      if (error instanceof Changed || error instanceof Untrue) {
        restarts += 1
        run.log({ site: context.final.hostname, restarts, reason: error.message }, 'starting the file over')
        if (restarts > mostRestarts) throw new Fault('source.changed', {}, { cause: error })
        if (error instanceof Untrue) context.ranges = false
        await landing.restart(undefined)
        best = 0
        continue
      }
      const fault = networkFault(error)
      // More than ever before: a server without ranges may bring the same bytes again and again.
      const progressed = landing.bytes - best >= progressBytes
      best = Math.max(best, landing.bytes)
      failures = progressed ? 0 : failures + 1
      const pause = tuning.pauseMs[Math.max(0, failures - 1)]
      const worthwhile = isFault(fault, 'source.broken', 'source.truncated', 'source.stalled', 'source.unreachable')
      if (!worthwhile || fault.next !== 'retry' || pause === undefined || landing.bytes === 0) throw fault
      run.log({ site: context.final.hostname, code: fault.code, bytes: landing.bytes }, 'going on after a failure')
      await sleep(pause, undefined, { signal: run.signal })
    }
  }
}

/** Follows the original link anew: signed addresses expire, mirrors move. What the answer is worth, the next try will see. */
async function whereNow(context: Context): Promise<void> {
  const { run, tuning } = context
  const signal = AbortSignal.any([run.signal, AbortSignal.timeout(tuning.stallMs)])
  try {
    const { response, url } = await follow(run.http, context.url, context.visitor, {
      headers: { range: 'bytes=0-0' },
      signal,
    })
    await drop(response)
    context.final = url
  } catch (error) {
    run.signal.throwIfAborted()
    throw networkFault(error)
  }
}

import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Content } from './content.ts'
import type { Counts } from './counts.ts'

export interface Sending {
  readonly seed: number
  readonly from: number
  readonly to: number
  /** Bytes per second; unlimited when absent. */
  readonly rate: number | undefined
}

/** Sends content with backpressure; resolves to false when the other side went away. Does not end the response. */
export async function send(
  response: ServerResponse,
  content: Content,
  what: Sending,
  counts: Counts,
): Promise<boolean> {
  const gone = new AbortController()
  const leave = () => gone.abort()
  response.once('close', leave)
  try {
    const slice = what.rate === undefined ? 256 * 1024 : Math.max(512, Math.min(64 * 1024, Math.ceil(what.rate / 50)))
    const started = performance.now()
    for (let at = what.from; at < what.to;) {
      if (gone.signal.aborted || response.destroyed) return false
      const piece = content.slice(what.seed, at, Math.min(what.to, at + slice))
      at += piece.length
      counts.bytes += piece.length
      if (!response.write(piece)) await once(response, 'drain', { signal: gone.signal })
      if (what.rate !== undefined) {
        const due = started + ((at - what.from) / what.rate) * 1000 - performance.now()
        if (due > 1) await sleep(due, undefined, { signal: gone.signal })
      }
    }
    return !gone.signal.aborted
  } catch {
    return false // only the abort above ends a wait: the other side has left
  } finally {
    response.off('close', leave)
  }
}

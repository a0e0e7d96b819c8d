import { Fault } from '@jackdaw/contract/faults.ts'
import { parseContentRange, statusFault } from './answers.ts'
import { drop, follow } from './follow.ts'
import { networkFault } from './network-fault.ts'
import type { Visitor } from './visitor.ts'

/** Who asks, and how long it waits for the next byte. */
export interface Asking {
  readonly http: typeof fetch
  readonly visitor: Visitor
  readonly signal: AbortSignal
  /** Silence of so many milliseconds is `source.stalled`. */
  readonly stallMs: number
}

export interface ByteRange {
  readonly from: number
  readonly bytes: number
}

/** A server that ignores ranges sends everything before as well: no more than this is read past. */
const mostSkipped = 64 * 1024 * 1024

/**
 * The bytes at an address, as they come, after redirects. `take` sees each chunk in turn, and the next one comes when it
 * is done; a promise is for chunks that have to wait. Resolves to the last address and its type.
 *
 * Faults: those of `statusFault`, of the guard and of connections; `source.truncated` when a range comes short.
 */
export async function readBytes(
  asking: Asking,
  url: string,
  range: ByteRange | undefined,
  take: (chunk: Uint8Array) => Promise<void> | void,
): Promise<{ url: URL; type: string }> {
  const stalled = new AbortController()
  const fault = new Fault('source.stalled', { seconds: asking.stallMs / 1000 })
  const timer = setTimeout(() => stalled.abort(fault), asking.stallMs)
  const signal = AbortSignal.any([asking.signal, stalled.signal])
  const headers = range && { range: `bytes=${range.from}-${range.from + range.bytes - 1}` }
  try {
    const answer = await follow(asking.http, new URL(url), asking.visitor, { ...(headers && { headers }), signal })
    const { response } = answer
    const { status } = response
    const refusal = statusFault(status, response.headers.get('retry-after'), Date.now())
    if (refusal || response.body === null) {
      await drop(response)
      throw refusal ?? new Fault('source.broken', { reason: 'an answer without a body' })
    }
    let skip = range === undefined ? 0 : range.from - sentFrom(response)
    let left = range?.bytes ?? Infinity
    if (skip < 0 || skip > mostSkipped) {
      await drop(response)
      throw new Fault(
        'source.broken',
        { reason: 'it does not answer with the range that was asked for' },
        { next: 'stop' },
      )
    }
    for await (const chunk of response.body) {
      timer.refresh()
      const from = Math.min(skip, chunk.length)
      skip -= from
      const part =
        from === 0 && left >= chunk.length ? chunk : chunk.subarray(from, Math.min(chunk.length, from + left))
      left -= part.length
      const wait = part.length === 0 ? undefined : take(part)
      if (wait) {
        // What we wait for is not the far side's silence.
        clearTimeout(timer)
        await wait
        timer.refresh()
      }
      if (left === 0) break
    }
    if (range && left > 0) throw new Fault('source.truncated', { bytes: range.bytes - left, expected: range.bytes })
    return { url: answer.url, type: response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '' }
  } catch (thrown) {
    asking.signal.throwIfAborted()
    throw stalled.signal.aborted ? fault : networkFault(thrown)
  } finally {
    clearTimeout(timer)
  }
}

/** Everything at an address, when it is no more than `most` bytes; `source.malformed` otherwise. */
export async function readAll(
  asking: Asking,
  url: string,
  range: ByteRange | undefined,
  most: number,
): Promise<{ bytes: Buffer; url: URL; type: string }> {
  const chunks: Uint8Array[] = []
  let length = 0
  const seen = await readBytes(asking, url, range, (chunk) => {
    length += chunk.length
    if (length > most) throw new Fault('source.malformed', { reason: `it is larger than ${most} bytes` })
    chunks.push(chunk)
  })
  return { bytes: Buffer.concat(chunks), ...seen }
}

function sentFrom(response: Response): number {
  return response.status === 206 ? (parseContentRange(response.headers.get('content-range'))?.from ?? -1) : 0
}

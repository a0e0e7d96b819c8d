import { Fault } from '@jackdaw/contract/faults.ts'
import type { Validators } from '@jackdaw/contract/nouns/media.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseContentRange, parseLength, statusFault } from '#kernel/http/answers.ts'
import { drop, follow } from '#kernel/http/follow.ts'
import { front } from '#kernel/landing/intervals.ts'
import type { Context } from './context.ts'
import { checkLanded, checkSize, overlapBytes } from './checks.ts'
import { Changed, Untrue } from './signals.ts'
import { ifRange, sameVersion, versionOf } from './version.ts'

/** Chunks are gathered to this before a write: fetch hands out 16 to 64 KiB. */
const gatherBytes = 1024 * 1024

/**
 * One request by the well-kept client, from the contiguous front to the end: takes every encoding, framing, version of
 * HTTP and proxy that `run.http` takes. Resolves to the length of the file once all of it has landed. Throws `Changed` or `Untrue`
 * when the attempt cannot go on from where it is, a fault otherwise; what has landed stays.
 */
export async function fetchPlain(context: Context): Promise<number> {
  const { run, landing, tuning } = context
  const watch = new StallWatch(tuning.stallMs)
  const signal = AbortSignal.any([run.signal, watch.signal])
  try {
    const at = context.ranges ? front(landing.have) : 0
    const asked = at > 0 ? Math.max(0, at - overlapBytes) : 0
    const headers = at > 0 ? rangeHeaders(asked, landing.version) : {}
    const { response, url } = await follow(run.http, context.url, context.visitor, { headers, signal })
    try {
      context.final = url
      const body = await judge(context, response, asked)
      return await receive(context, response, body, at, { watch, signal })
    } finally {
      await drop(response)
    }
  } catch (error) {
    if (watch.stalled && !run.signal.aborted) {
      throw new Fault('source.stalled', { seconds: tuning.stallMs / 1000 }, { cause: error })
    }
    throw error
  } finally {
    watch.stop()
  }
}

interface Body {
  readonly from: number
  /** Where the body ends by its own account; undefined when only its end will tell. */
  readonly to: number | undefined
}

function rangeHeaders(from: number, version: Validators | undefined): Record<string, string> {
  const condition = version && ifRange(version)
  return { range: `bytes=${from}-`, ...(condition === undefined ? {} : { 'if-range': condition }) }
}

/** Believes nothing: an answer is the range that was asked for, or the whole file, or it is refused. */
async function judge(context: Context, response: Response, asked: number): Promise<Body> {
  const { landing } = context
  const header = (name: string) => response.headers.get(name)
  if (response.status === 416) throw new Changed('the file is shorter than what is here')
  const fault = statusFault(response.status, header('retry-after'), Date.now())
  if (fault) throw fault
  const encoded = !['', 'identity'].includes(header('content-encoding')?.trim().toLowerCase() ?? '')
  const length =
    encoded || response.headers.has('transfer-encoding') ? undefined : parseLength(header('content-length'))
  if (response.status === 206) {
    const range = parseContentRange(header('content-range'))
    const version = versionOf(header, range?.total)
    if (!sameVersion(landing.version ?? {}, version)) throw new Changed('the file has changed')
    if (!range || range.from !== asked || encoded) throw new Untrue('the answer is not the range that was asked for')
    if (length !== undefined && length !== range.to - range.from)
      throw new Untrue('the length is not that of the range')
    return { from: asked, to: range.to }
  }
  if (response.status !== 200) throw new Fault('source.refused', { status: response.status })
  const version = encoded ? {} : versionOf(header, length)
  if (landing.bytes > 0 || landing.version === undefined || !sameVersion(landing.version, version)) {
    await landing.restart(version)
  }
  if (encoded) context.ranges = false
  return { from: 0, to: length }
}

async function receive(
  context: Context,
  response: Response,
  body: Body,
  at: number,
  wait: { watch: StallWatch; signal: AbortSignal },
): Promise<number> {
  const { run, landing } = context
  const total = landing.version?.bytes
  let position = body.from
  // Bytes that are here already, asked for again to see that the server means the same file.
  let compare = body.from < at ? await landing.read(body.from, at - body.from) : Buffer.alloc(0)
  let gathered: Uint8Array[] = []
  let size = 0
  const flush = async () => {
    if (size === 0) return
    const bytes = gathered.length === 1 && gathered[0] ? gathered[0] : Buffer.concat(gathered, size)
    const start = position - size
    ;[gathered, size] = [[], 0]
    await landing.write(bytes, start)
  }
  try {
    const reader = response.body?.getReader()
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
      if (done) break
      wait.watch.alive()
      let chunk: Uint8Array = value
      if (compare.length > 0) {
        const n = Math.min(compare.length, chunk.length)
        checkLanded(compare.subarray(0, n), chunk.subarray(0, n))
        ;[compare, chunk] = [compare.subarray(n), chunk.subarray(n)]
        position += n
      }
      position += chunk.length
      if (body.to !== undefined && position > body.to) {
        throw new Fault('source.broken', { reason: 'it sends more bytes than it said' })
      }
      checkSize(position, context.maxBytes)
      gathered.push(chunk)
      size += chunk.length
      if (size >= gatherBytes || position === body.to) await flush()
      run.report({ unit: 'bytes', done: landing.bytes + size, ...(total === undefined ? {} : { of: total }) })
      const pause = run.charge(chunk.length)
      if (pause > 0) {
        wait.watch.hold()
        await sleep(pause, undefined, { signal: run.signal })
        wait.watch.alive()
      }
    }
  } finally {
    wait.watch.hold()
    await flush()
  }
  if (body.to !== undefined && position < body.to) {
    throw new Fault('source.truncated', { bytes: position, expected: total ?? body.to })
  }
  const end = total ?? body.to ?? position
  if (front(landing.have) < end) throw new Fault('source.truncated', { bytes: front(landing.have), expected: end })
  return end
}

/** Aborts its signal when nothing was heard for a while; waits of our own making are not counted. */
class StallWatch {
  readonly #ms: number
  readonly #controller = new AbortController()
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number) {
    this.#ms = ms
    this.alive()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get stalled(): boolean {
    return this.#controller.signal.aborted
  }

  alive(): void {
    if (this.#timer) this.#timer.refresh()
    else this.#timer = setTimeout(() => this.#controller.abort(), this.#ms)
  }

  hold(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  stop(): void {
    this.hold()
  }
}

import { once } from 'node:events'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { getEventMeta, ORPCError } from '@orpc/server'
import { ErrorEvent } from '@orpc/server'

export interface StreamHow {
  readonly keepAliveMs: number
  readonly stalledMs: number
  /** The house stops: streams end, and readers are told when to come back. */
  readonly closing: AbortSignal
  readonly watching: (change: 1 | -1) => void
}

/** Milliseconds after which the reader of a stream that we ended connects again: a restart takes about that long. */
const comeBackMs = 2000

/**
 * Sends a watch as server-sent events (WHATWG HTML 9.2). Events are pulled one by one as the reader takes them, so a slow
 * reader costs one event of memory; one that takes nothing for `stalledMs` is let go and may come back with its
 * Last-Event-ID.
 */
export async function sendEvents(
  reply: FastifyReply,
  watch: AsyncIterator<unknown, unknown, void>,
  how: StreamHow,
): Promise<FastifyReply> {
  reply
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    // nginx would keep events back until its buffer is full.
    .header('x-accel-buffering', 'no')
  const stream = Readable.from(lines(watch, how), { objectMode: false, highWaterMark: 1 })
  const stop = letGoWhenStalled(reply, how.stalledMs)
  how.watching(1)
  reply.raw.once('close', () => {
    stop()
    how.watching(-1)
  })
  return await reply.send(stream)
}

async function* lines(watch: AsyncIterator<unknown, unknown, void>, how: StreamHow): AsyncGenerator<string> {
  const closed = how.closing.aborted ? Promise.resolve('closing' as const) : closes(how.closing)
  let next: Promise<IteratorResult<unknown, unknown>> | undefined
  try {
    // Headers go out with the first bytes; without them a client does not know that it is connected.
    yield ': connected\n\n'
    for (;;) {
      next ??= watch.next()
      const happened = await either(next, closed, how.keepAliveMs)
      if (happened === 'closing') {
        yield `retry: ${comeBackMs}\n\n`
        return
      }
      if (happened === 'quiet') {
        yield ': still here\n\n'
        continue
      }
      next = undefined
      if (happened.done === true) {
        yield encode('done', happened.value)
        return
      }
      yield encode('message', happened.value)
    }
  } catch (thrown) {
    yield encode('error', errorOf(thrown))
  } finally {
    // Its pending next() may never settle; return() is told and not waited for.
    next?.catch(() => undefined)
    void Promise.resolve(watch.return?.()).catch(() => undefined)
  }
}

async function either<T>(
  next: Promise<T>,
  closed: Promise<'closing'>,
  quietMs: number,
): Promise<T | 'closing' | 'quiet'> {
  const quiet = Promise.withResolvers<'quiet'>()
  const timer = setTimeout(() => quiet.resolve('quiet'), quietMs)
  try {
    return await Promise.race([next, closed, quiet.promise])
  } finally {
    clearTimeout(timer)
  }
}

async function closes(signal: AbortSignal): Promise<'closing'> {
  await once(signal, 'abort')
  return 'closing'
}

function encode(event: string, value: unknown): string {
  const { id, retry } = (typeof value === 'object' && value !== null && getEventMeta(value)) || {}
  // JSON has no raw line breaks; an id with one would smuggle in further fields.
  const safeId = id === undefined || /[\r\n\0]/.test(id) ? '' : `id: ${id}\n`
  return `event: ${event}\n${safeId}${retry === undefined ? '' : `retry: ${retry}\n`}data: ${JSON.stringify(value) ?? 'null'}\n\n`
}

function errorOf(thrown: unknown): unknown {
  if (thrown instanceof ErrorEvent) return thrown.data
  return (thrown instanceof ORPCError ? thrown : new ORPCError('house.bug', { status: 500 })).toJSON()
}

/** Closes the connection when nothing could be written for a while although something waits. */
function letGoWhenStalled(reply: FastifyReply, stalledMs: number): () => void {
  let written = -1
  const timer = setInterval(() => {
    const { socket } = reply.raw
    if (socket === null) return
    const taken = socket.bytesWritten - socket.writableLength
    if (socket.writableLength > 0 && taken === written) socket.destroy()
    written = taken
  }, stalledMs)
  timer.unref()
  return () => clearInterval(timer)
}

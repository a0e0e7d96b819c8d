import type { Socket } from 'node:net'
import { Fault } from '@jackdaw/contract/faults.ts'
import { parseContentRange, parseLength, statusFault } from './answers.ts'
import type { Blocks } from './blocks.ts'
import { formatRequest, parseHead, Unusual, type Head } from './head.ts'
import type { ByteRange } from './read.ts'

/** Bytes of a body; `free` gives their memory back and is called once. */
export interface Chunk {
  readonly bytes: Uint8Array
  free(): void
}
export type TakeChunk = (chunk: Chunk) => Promise<void> | void

export interface LineRequest {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly range: ByteRange | undefined
  readonly take: TakeChunk
  /** Sees the head of a good answer. */
  readonly onHead?: (head: Head) => void
}

/** How a line is connected: see `Run.connect`. */
export type Connect = (to: {
  readonly host: string
  readonly port: number
  readonly tls?: { readonly servername?: string; readonly ALPNProtocols?: string[] }
  readonly onread: { buffer: () => Uint8Array; callback: (bytes: number, buffer: Uint8Array) => boolean }
}) => Promise<Socket>

/** A connection that was left open ended before it answered: as good as none. */
export class Stale extends Error {}

const headBytes = 16 * 1024

/**
 * A kept connection (HTTP/1.1) that brings one body after the other, read straight into reused blocks. `Unusual` is thrown,
 * before any byte was handed over, for all that is not a plain 200 or 206 of known length.
 */
export class Line {
  /** Milliseconds of `performance.now` when it was opened. */
  readonly openedAt = performance.now()
  isOpen = true
  readonly #blocks: Blocks
  readonly #stallMs: number
  readonly #spare = Buffer.allocUnsafeSlow(headBytes)
  #socket: Socket | undefined
  #asked: { readonly request: LineRequest; readonly done: PromiseWithResolvers<void> } | undefined
  #head = Buffer.alloc(0)
  #block: Buffer | undefined
  #fill = 0
  #left = 0
  #isInBody = false
  #isLast = false
  #holds = 0
  #answers = 0
  #timer: NodeJS.Timeout | undefined

  private constructor(blocks: Blocks, stallMs: number) {
    this.#blocks = blocks
    this.#stallMs = stallMs
  }

  static async open(
    connect: Connect,
    { hostname, port, protocol }: URL,
    blocks: Blocks,
    stallMs: number,
  ): Promise<Line> {
    const line = new Line(blocks, stallMs)
    const isTls = protocol === 'https:'
    const host = hostname.replace(/^\[|\]$/g, '')
    const named = /^[\d.]+$|:/.test(host) ? {} : { servername: host }
    const socket = await connect({
      host,
      port: Number(port || (isTls ? 443 : 80)),
      ...(isTls && { tls: { ...named, ALPNProtocols: ['http/1.1'] } }),
      onread: { buffer: () => line.#room(), callback: (bytes, from) => line.#read(bytes, from) },
    })
    line.#socket = socket
    socket.on('error', (error) => line.#end(error))
    socket.once('end', () => line.#end(undefined)).once('close', () => line.#end(undefined))
    if (socket.destroyed) line.isOpen = false
    return line
  }

  /** Resolves when the whole body was handed over and taken. One at a time. */
  async get(request: LineRequest): Promise<void> {
    if (this.#asked || !this.#socket || !this.isOpen) throw new Stale()
    const done = Promise.withResolvers<void>()
    this.#asked = { request, done }
    this.#head = Buffer.alloc(0)
    this.#isInBody = false
    const { range } = request
    const wanted = range && { range: `bytes=${range.from}-${range.from + range.bytes - 1}` }
    this.#timer = setTimeout(() => {
      if (this.#holds === 0) this.#end(new Fault('source.stalled', { seconds: this.#stallMs / 1000 }))
      else this.#timer?.refresh()
    }, this.#stallMs)
    try {
      const headers = { ...request.headers, 'accept-encoding': 'identity', ...wanted }
      this.#socket.write(formatRequest(request.url, headers, true))
      await done.promise
    } finally {
      clearTimeout(this.#timer)
      this.#asked = undefined
    }
  }

  close(): void {
    this.#end(undefined)
  }

  /** Where the next read goes. */
  #room(): Uint8Array {
    if (!this.#isInBody || this.#left === 0) return this.#spare
    this.#block ??= this.#blocks.take()
    return this.#block.subarray(this.#fill, Math.min(this.#block.length, this.#fill + this.#left))
  }

  #read(bytes: number, from: Uint8Array): boolean {
    this.#timer?.refresh()
    try {
      if (!this.#asked) throw new Unusual('bytes that nobody asked for')
      if (this.#isInBody) {
        this.#fill += bytes
        this.#left -= bytes
      } else this.#readHead(from.subarray(0, bytes))
      if (this.#isInBody) this.#handOver()
    } catch (thrown) {
      this.#end(thrown)
    }
    return this.isOpen && this.#holds === 0
  }

  #readHead(news: Uint8Array): void {
    this.#head = Buffer.concat([this.#head, news])
    const head = parseHead(this.#head)
    if (head === undefined) return
    if (head.status < 200) throw new Unusual('an interim answer')
    const { request } = this.#asked ?? {}
    this.#left = lengthOf(head, request?.range)
    this.#isLast = head.fields.get('connection')?.toLowerCase().includes('close') ?? false
    request?.onHead?.(head)
    this.#isInBody = true
    this.#answers += 1
    const rest = this.#head.subarray(head.length)
    if (rest.length > this.#left) throw new Fault('source.broken', { reason: 'more than it announced' })
    this.#head = Buffer.alloc(0)
    if (rest.length === 0) return
    this.#block = this.#blocks.take()
    this.#fill = rest.copy(this.#block)
    this.#left -= rest.length
  }

  /** Hands a full block over, and the last one as it is. */
  #handOver(): void {
    const block = this.#block
    if (block !== undefined && (this.#fill === block.length || this.#left === 0)) {
      const bytes = block.subarray(0, this.#fill)
      this.#block = undefined
      this.#fill = 0
      const wait = this.#asked?.request.take({ bytes, free: () => this.#blocks.give(block) })
      if (wait) this.#hold(wait)
    }
    this.#finish()
  }

  #hold(wait: Promise<void>): void {
    this.#holds += 1
    this.#socket?.pause()
    wait.then(
      () => {
        this.#holds -= 1
        this.#timer?.refresh()
        this.#finish()
        if (this.#holds === 0 && this.isOpen) this.#socket?.resume()
      },
      (thrown: unknown) => this.#end(thrown),
    )
  }

  #finish(): void {
    if (!this.#isInBody || this.#left > 0 || this.#holds > 0) return
    this.#isInBody = false
    this.#asked?.done.resolve()
    if (this.#isLast) this.close()
  }

  #end(thrown: unknown): void {
    if (!this.isOpen) return
    this.isOpen = false
    if (this.#block) this.#blocks.give(this.#block)
    this.#block = undefined
    const isStale = this.#answers > 0 && !this.#isInBody && this.#head.length === 0
    const fault = isStale ? new Stale() : new Fault('source.truncated', { bytes: 'some', expected: 'all' })
    // All of it is here and waits to be taken: how the connection ended does not matter.
    if (!(this.#isInBody && this.#left === 0 && thrown === undefined)) this.#asked?.done.reject(thrown ?? fault)
    this.#socket?.destroy()
  }
}

function lengthOf({ status, fields }: Head, range: ByteRange | undefined): number {
  const refusal = statusFault(status, fields.get('retry-after'), Date.now())
  if (refusal && status >= 400) throw refusal
  const length = parseLength(fields.get('content-length'))
  const encoding = fields.get('content-encoding')?.toLowerCase() ?? ''
  if (status !== (range ? 206 : 200) || length === undefined || fields.has('transfer-encoding')) {
    throw new Unusual(`HTTP ${status}`)
  }
  if (!['', 'identity'].includes(encoding)) throw new Unusual('an encoded body')
  const sent = range && parseContentRange(fields.get('content-range'))
  if (range && (sent?.from !== range.from || length !== range.bytes)) throw new Unusual('another range')
  return length
}

import { Fault } from '@jackdaw/contract/faults.ts'
import { write } from 'node:fs'
import type { Socket } from 'node:net'
import type { Context } from '../context.ts'
import { checkLanded } from '../checks.ts'
import { spareBytes, type Buffers } from './buffers.ts'
import { formatRequest, parseHead, type Head } from '#kernel/http/head.ts'

/** After so many bytes at the latest, progress is told and the bandwidth limit asked. */
const accountBytes = 64 * 1024
/** What a lane reads past a cut, to compare it with what the next lane got as its first bytes. */
export const meetBytes = 512

export interface LaneWork {
  /** First byte that is wanted. */
  readonly from: number
  /** First byte that is not. */
  readonly to: number
  /** So many bytes before `from` are here already: they are asked for again and compared. */
  readonly back: number
  /** Ask without a range. */
  readonly whole: boolean
  readonly headers: Readonly<Record<string, string>>
  /** Big: read without a copy, for one quick lane. Small: for many slow ones. */
  readonly size: 'big' | 'small'
}

export interface LaneEvents {
  /** Throws when the answer is not what this lane may take. */
  head(head: Head): void
  arrived(bytes: number): void
  /** The bytes that begin at `at`, from either side of a cut. Throws `Untrue` when both sides differ. */
  meet(at: number, bytes: Buffer): void
}

/**
 * One connection that brings one range: bytes are received into a reused buffer and written from it at their place. Its
 * end may be brought forward while it runs. It owns its socket and buffers until `run` has settled.
 */
export class Lane {
  readonly #context: Context
  readonly #work: LaneWork
  readonly #events: LaneEvents
  readonly #buffers: Buffers
  readonly #done = Promise.withResolvers<void>()
  readonly #requestEnd: number
  #socket: Socket | undefined
  #buffer: Buffer | undefined
  /** Place in the file of the buffer's first byte. */
  #at: number
  #fill = 0
  #to: number
  #overlap: Buffer = Buffer.alloc(0)
  #inBody = false
  #met = false
  /**
   * Up to this fill there is nothing to do but to read on: TLS calls for every 16 KiB, and what is done 65,536 times for a
   * gigabyte shows. 0 looks at every read.
   */
  #attention = 0
  #heard = false
  #counted: number
  #writes = 0
  #settled = false
  /** Reasons to read nothing for now. */
  #pauses = 0
  #awaiting = false
  #fault: unknown
  #heardAt = Infinity
  readonly #bornAt = performance.now()

  constructor(context: Context, buffers: Buffers, work: LaneWork, events: LaneEvents) {
    this.#context = context
    this.#buffers = buffers
    this.#work = work
    this.#events = events
    this.#at = work.from - work.back
    this.#to = work.to
    this.#counted = work.from
    this.#requestEnd = work.to
  }

  get received(): number {
    return Math.min(this.#to, Math.max(this.#work.from, this.#inBody ? this.#at + this.#fill : 0))
  }

  get to(): number {
    return this.#to
  }

  get remaining(): number {
    return Math.max(0, this.#to - this.received)
  }

  /** Whether the head was taken and bytes of the body flow. */
  get flows(): boolean {
    return this.#inBody
  }

  /** Milliseconds for which it has waited for a connection: the house may have given all of a site's places away. */
  waited(now: number): number {
    return this.#socket === undefined ? now - this.#bornAt : 0
  }

  /** Brings the end forward; `to` must lie after what was received. */
  cut(to: number): void {
    this.#to = to
    this.#attention = 0
  }

  /** Ends now, keeping what has arrived. */
  stop(): void {
    this.#to = Math.min(this.#to, this.received)
    this.#settle()
  }

  /** Once in a while: notices silence. */
  tick(now: number): void {
    if (this.#heard) this.#heardAt = now
    this.#heard = false
    if (this.#inBody && !this.#settled) this.#account()
    if (this.#pauses === 0 && now - this.#heardAt > this.#context.tuning.stallMs) {
      this.#settle(new Fault('source.stalled', { seconds: this.#context.tuning.stallMs / 1000 }))
    }
  }

  /** Resolves when the range, or what `cut` and `stop` left of it, is written; everything before a fault is kept. */
  async run(): Promise<void> {
    const { run } = this.#context
    const abort = () => this.#settle(run.signal.reason)
    run.signal.addEventListener('abort', abort, { once: true })
    this.#buffer = this.#buffers.need(this.#work.size)
    const opened = this.#open()
    opened.catch(() => undefined) // awaited below, or too late to matter
    try {
      await Promise.race([opened, this.#done.promise])
      await this.#done.promise
    } finally {
      run.signal.removeEventListener('abort', abort)
      if (this.#buffer) this.#buffers.give(this.#buffer)
      this.#buffer = undefined
    }
    if (this.#fault !== undefined) throw this.#fault
  }

  async #open(): Promise<void> {
    const { final, landing, run } = this.#context
    const tls = final.protocol === 'https:'
    const host = final.hostname.replace(/^\[|\]$/g, '')
    const [last, from] = [this.#requestEnd - 1, this.#at]
    const range: Record<string, string> = this.#work.whole ? {} : { range: `bytes=${from}-${last}` }
    this.#overlap = await landing.read(from, this.#work.back)
    const request = formatRequest(final, { ...this.#work.headers, ...range })
    const named = /^[\d.]+$|:/.test(host) ? {} : { servername: host }
    const socket = await run.connect({
      host,
      port: Number(final.port || (tls ? 443 : 80)),
      ...(tls ? { tls: { ...named, ALPNProtocols: ['http/1.1'] } } : {}),
      onread: { buffer: () => this.#room(), callback: (bytes, buffer) => this.#read(bytes, buffer) },
    })
    this.#socket = socket
    this.#heardAt = performance.now()
    socket.on('error', (error) => this.#settle(error))
    socket.once('close', () => this.#closed())
    socket.once('end', () => this.#closed())
    if (this.#settled) socket.destroy()
    else socket.write(request)
  }

  /** A lane that only waited for the bytes behind its cut is complete without them. */
  #closed(): void {
    if (this.remaining === 0) this.#settle()
    else this.#settle(new Fault('source.truncated', { bytes: this.received, expected: this.#to }))
  }

  /** Where the next read goes: into the buffer itself, or what is copied from at once. The socket keeps it until that read. */
  #room(): Buffer {
    return this.#work.size === 'big' && this.#buffer ? this.#buffer.subarray(this.#fill) : this.#buffers.spare
  }

  #read(bytes: number, from: Uint8Array): boolean {
    if (this.#settled) return false
    try {
      this.#heard = true
      const buffer = (this.#buffer ??= this.#buffers.need(this.#work.size))
      // There is room: a buffer with less than a spare's is written before the next read.
      if (from.buffer === this.#buffers.spare.buffer) buffer.set(from.subarray(0, bytes), this.#fill)
      this.#fill += bytes
      if (this.#fill < this.#attention) return true
      this.#step(buffer)
      if (!this.#settled) this.#buffer ??= this.#buffers.take(this.#work.size)
      if (!this.#settled && this.#buffer === undefined) this.#awaitBuffer()
      return !this.#settled && this.#pauses === 0
    } catch (error) {
      this.#settle(error)
      return false
    }
  }

  #step(buffer: Buffer): void {
    if (!this.#inBody && !this.#takeHead(buffer)) return
    if (this.#overlap.length > 0 && !this.#compare(buffer)) return
    this.#body(buffer)
  }

  #takeHead(buffer: Buffer): boolean {
    const head = parseHead(buffer.subarray(0, this.#fill))
    if (head === undefined) return false
    if (head.status >= 200) {
      this.#events.head(head)
      this.#inBody = true
    }
    this.#consume(buffer, head.length) // of 1xx as well: the real head follows
    return this.#inBody || (this.#fill > 0 && this.#takeHead(buffer))
  }

  #compare(buffer: Buffer): boolean {
    const n = Math.min(this.#overlap.length, this.#fill)
    checkLanded(this.#overlap.subarray(0, n), buffer.subarray(0, n))
    this.#overlap = this.#overlap.subarray(n)
    this.#consume(buffer, n)
    this.#at += n
    return this.#overlap.length === 0
  }

  #consume(buffer: Buffer, bytes: number): void {
    buffer.copyWithin(0, bytes, this.#fill)
    this.#fill -= bytes
  }

  #body(buffer: Buffer): void {
    this.#account()
    if (!this.#met && this.#at === this.#work.from && this.#fill >= meetBytes) {
      this.#met = true
      this.#events.meet(this.#work.from, Buffer.from(buffer.subarray(0, meetBytes)))
    }
    const full = buffer.length - this.#fill < spareBytes
    if (this.#at + this.#fill >= this.#to) {
      const beyond = this.#to < this.#requestEnd ? Math.min(meetBytes, this.#requestEnd - this.#to) : 0
      const over = this.#at + this.#fill - this.#to
      if (over < beyond && !full) return
      const own = this.#to - this.#at
      if (beyond > 0) this.#events.meet(this.#to, Buffer.from(buffer.subarray(own, own + Math.min(over, beyond))))
      this.#settle()
      return
    }
    if (full) this.#flush()
    // The cut comes first; then a full buffer; then the next account.
    this.#attention = this.#met
      ? Math.min(this.#to - this.#at, buffer.length - spareBytes + 1, this.#fill + accountBytes)
      : 0
  }

  /** Tells of what has arrived since the last time, and keeps to the bandwidth limit. */
  #account(): void {
    const news = this.received - this.#counted
    if (news <= 0) return
    this.#counted += news
    this.#events.arrived(news)
    const pause = this.#context.run.charge(news)
    if (pause > 0 && !this.#settled) this.#pauseFor(pause)
  }

  /**
   * The disk is slower than the network: nothing is read until a buffer has been written. TLS may still deliver the rest of
   * what it has decrypted; that takes a buffer of its own, and the one waited for goes back.
   */
  #awaitBuffer(): void {
    if (this.#awaiting) return
    this.#awaiting = true
    this.#pauses += 1
    this.#socket?.pause()
    this.#buffers.wait(this.#work.size, (buffer) => {
      this.#awaiting = false
      if (this.#settled || this.#buffer !== undefined) this.#buffers.give(buffer)
      else this.#buffer = buffer
      this.#resume()
    })
  }

  #pauseFor(ms: number): void {
    this.#pauses += 1
    this.#socket?.pause()
    setTimeout(() => this.#resume(), ms)
  }

  #resume(): void {
    this.#pauses -= 1
    this.#heardAt = performance.now()
    if (this.#pauses === 0 && !this.#settled) this.#socket?.resume()
  }

  /** Writes the buffer at its place; another one takes its turn when there is one. */
  #flush(): void {
    const buffer = this.#buffer
    const bytes = Math.min(this.#fill, this.#to - this.#at)
    if (buffer === undefined || bytes <= 0) return
    const at = this.#at
    this.#at += bytes
    this.#fill = 0
    this.#writes += 1
    this.#buffer = this.#settled ? undefined : this.#buffers.take(this.#work.size)
    this.#put(buffer, { done: 0, bytes, at })
  }

  #put(buffer: Buffer, { done, bytes, at }: { done: number; bytes: number; at: number }): void {
    const { landing } = this.#context
    write(landing.fd, buffer, done, bytes - done, at + done, (error, written) => {
      if (!error && done + written < bytes) return this.#put(buffer, { done: done + written, bytes, at })
      this.#writes -= 1
      try {
        if (error) throw error
        landing.wrote(buffer.subarray(0, bytes), at)
      } catch (fault) {
        this.#fault ??= fault
        this.#settle(fault)
      }
      this.#buffers.give(buffer)
      if (this.#settled && this.#writes === 0) this.#done.resolve()
    })
  }

  #settle(fault?: unknown): void {
    if (this.#settled) return
    if (this.#inBody) this.#account()
    this.#settled = true
    this.#fault ??= fault
    this.#socket?.destroy()
    if (this.#inBody && this.#overlap.length === 0) this.#flush()
    if (this.#writes === 0) this.#done.resolve()
  }
}

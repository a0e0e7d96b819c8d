import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { grow, refused, type Growth } from '#kernel/http/growth.ts'
import type { Chunk } from '#kernel/http/line.ts'
import { networkFault } from '#kernel/http/network-fault.ts'
import type { FarSide } from './far-side.ts'
import { Fifo } from './fifo.ts'
import type { Lineup } from './lineup.ts'
import type { Piece } from './piece.ts'
import type { Segment } from './track.ts'

export interface FetcherHow {
  readonly far: FarSide
  readonly signal: AbortSignal
  /** The lines in which what arrives is written, one for each track. */
  readonly lineups: readonly Lineup[]
  readonly connections: number
  readonly maxBytes: number | undefined
  /** A segment that cannot be had is left out (live) instead of ending everything. */
  readonly isLossy: boolean
  charge(bytes: number): number
  /** After each chunk: bytes that are here in all. */
  arrived(bytes: number): void
  /** A segment is whole and in its file. */
  written(): void
  log(fields: Readonly<Record<string, unknown>>, message: string): void
}

/** As many as browsers open to one host. More are tried where they bring more. */
const firstLanes = 6
const windowMs = 100
/** Windows of a trial with more lanes: requests for whole segments make the rate uneven, and ffmpeg works beside them. */
const patience = 4
/** Pauses before a segment is tried again: 5 tries within about 8 seconds. */
const pausesMs = [200, 600, 1800, 5000] as const
/** So long a pause that the far side asks for is waited for here; for longer ones the step gives its place away. */
const mostPatienceMs = 30_000
/** So long may segments on their way take when another one has ended everything. */
const graceMs = 3000
/** What may wait in memory for its turn to be written. */
const mostWaiting = 16 * 1024 * 1024

/** What may be over the next time. */
const passingCodes = [
  'source.throttled',
  'source.broken',
  'source.truncated',
  'source.unreachable',
  'source.stalled',
] as const

interface Errand {
  readonly lineup: Lineup
  readonly piece: Piece
}

/** Fetches segments by several lanes at once, hands their bytes to the lineups, and tries again what fails. */
export class Fetcher {
  readonly #how: FetcherHow
  readonly #queue = new Fifo<Errand>()
  readonly #stop = new AbortController()
  readonly #ended = Promise.withResolvers<void>()
  readonly #signal: AbortSignal
  readonly #again: Errand[] = []
  #lanes = 0
  #closed = false
  #isRunning = false
  #grace: NodeJS.Timeout | undefined
  #fault: { readonly thrown: unknown } | undefined
  #growth: Growth = { lanes: firstLanes, before: undefined, holdUntil: 0 }
  #window = { at: performance.now(), arrived: 0, lanes: 0 }
  #arrived = 0
  #fetched = 0
  #wake = Promise.withResolvers<void>()

  constructor(how: FetcherHow) {
    this.#how = how
    this.#signal = AbortSignal.any([how.signal, this.#stop.signal])
    for (const lineup of how.lineups) {
      lineup.onWritten = () => {
        how.written()
        this.#stir()
      }
      lineup.onFault = (thrown) => this.#fail(thrown)
    }
  }

  /** Asks for another segment of a track; they are written in the order of the calls. */
  add(track: number, segment: Segment): void {
    const lineup = this.#how.lineups[track]
    if (lineup === undefined || this.#closed) throw new Error('nowhere to put this segment')
    const piece = lineup.add(segment)
    if (!piece.isLost) this.#queue.push({ lineup, piece })
    if (this.#isRunning) this.#fill()
  }

  /** Nothing more will be added. */
  close(): void {
    this.#closed = true
    if (this.#isRunning) this.#fill()
  }

  /** Ends now, with a fault. */
  fail(thrown: unknown): void {
    this.#fail(thrown)
  }

  /** Resolves when everything that was added is written, after `close`; or throws what ended it. */
  async run(): Promise<void> {
    const timer = setInterval(() => this.#tick(performance.now()), windowMs)
    const abort = () => this.#fail(this.#how.signal.reason)
    this.#how.signal.addEventListener('abort', abort, { once: true })
    if (this.#how.signal.aborted) abort()
    try {
      this.#isRunning = true
      this.#fill()
      this.#window = { at: performance.now(), arrived: 0, lanes: this.#lanes }
      await this.#ended.promise
    } finally {
      clearInterval(timer)
      clearTimeout(this.#grace)
      this.#how.signal.removeEventListener('abort', abort)
      // Who is told to stop stops: the folder may be another's already.
      for (const lineup of this.#how.lineups) await lineup.settle(!this.#how.signal.aborted)
    }
  }

  #fill(): void {
    while (this.#fault === undefined && (this.#lanes < this.#most() || this.#isNext(this.#again[0]))) {
      const errand = this.#again.shift() ?? this.#queue.shift()
      if (errand === undefined) break
      this.#lanes += 1
      void this.#drive(errand).finally(() => {
        this.#lanes -= 1
        this.#fill()
      })
    }
    this.#end()
  }

  /** Whether others wait for it; it must not wait for their lanes. */
  #isNext(errand: Errand | undefined): boolean {
    return errand !== undefined && errand.lineup.isNext(errand.piece)
  }

  #most(): number {
    return Math.min(this.#how.connections, this.#growth.lanes)
  }

  #end(): void {
    if (this.#fault !== undefined) {
      if (this.#lanes === 0) this.#ended.reject(this.#fault.thrown)
      return
    }
    const nothing = this.#queue.length === 0 && this.#again.length === 0 && this.#lanes === 0
    if (this.#closed && nothing && this.#how.lineups.every((lineup) => lineup.isEmpty)) this.#ended.resolve()
  }

  #stir(): void {
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
    this.#end()
  }

  #fail(thrown: unknown): void {
    this.#fault ??= { thrown }
    this.#stop.abort(thrown)
    this.#stir()
  }

  async #drive(errand: Errand): Promise<void> {
    const { lineup, piece } = errand
    const { far } = this.#how
    try {
      if (piece.segment.init) piece.init = await far.init(piece.segment.init)
      await far.read(piece.segment, (chunk) => this.#take(errand, chunk))
      this.#fetched += 1
      lineup.end(piece)
    } catch (thrown) {
      if (!this.#signal.aborted) await this.#failed(errand, networkFault(thrown))
    }
  }

  #take(errand: Errand, chunk: Chunk): Promise<void> | undefined {
    this.#signal.throwIfAborted()
    const { charge, maxBytes, arrived, lineups } = this.#how
    const { lineup, piece } = errand
    const { length } = chunk.bytes
    this.#arrived += length
    lineup.take(piece, chunk)
    let bytes = 0
    for (const each of lineups) bytes += each.bytes
    if (maxBytes !== undefined && bytes > maxBytes) throw new Fault('quota.file-size', { bytes, limit: maxBytes })
    arrived(bytes)
    const pause = charge(length)
    if (pause <= 0 && (lineup.isNext(piece) || this.#waiting() <= mostWaiting)) return undefined
    return this.#hold(errand, pause)
  }

  /** Waits for the bandwidth limit, and while too much waits for its turn to be written: only what is next reads on. */
  async #hold({ lineup, piece }: Errand, pause: number): Promise<void> {
    if (pause > 0) await sleep(pause, undefined, { signal: this.#signal })
    while (!lineup.isNext(piece) && this.#waiting() > mostWaiting) {
      this.#signal.throwIfAborted()
      await this.#wake.promise
    }
  }

  #waiting(): number {
    return this.#how.lineups.reduce((sum, lineup) => sum + lineup.waiting, 0)
  }

  async #failed(errand: Errand, thrown: unknown): Promise<void> {
    const { isLossy, log } = this.#how
    const { lineup, piece } = errand
    const pause = pausesMs[piece.tries]
    lineup.restart(piece)
    if (this.#fault !== undefined) return
    const passing = isFault(thrown, ...passingCodes) && thrown.next === 'retry' ? thrown : undefined
    const wait = Math.max(pause ?? 0, passing?.retryAfterMs ?? 0)
    if (passing && pause !== undefined && wait <= mostPatienceMs) {
      log({ code: passing.code, tries: piece.tries }, 'a segment is tried again')
      if (passing.code === 'source.throttled' && this.#lanes > 1) {
        const lanes = Math.max(1, Math.floor(Math.min(this.#growth.lanes, this.#lanes) / 2))
        this.#growth = { ...refused(performance.now()), lanes }
      }
      await sleep(wait, undefined, { signal: this.#signal }).catch(() => undefined)
      this.#again.push(errand)
    } else if (isLossy && isFault(thrown, ...passingCodes, 'source.gone', 'source.refused')) {
      log({ code: thrown.code }, 'a segment is lost')
      lineup.lose(piece)
    } else this.#giveUp(thrown)
  }

  /** A segment cannot be had. Those that are on their way come to their end, so that they need not be asked for again. */
  #giveUp(thrown: unknown): void {
    const isFar = isFault(thrown) && thrown.code.startsWith('source.')
    if (!isFar || this.#lanes < 2) return this.#fail(thrown)
    this.#fault ??= { thrown }
    this.#grace ??= setTimeout(() => this.#fail(thrown), graceMs)
  }

  #tick(now: number): void {
    const window = this.#window
    const ms = now - window.at
    if (this.#lanes !== window.lanes || this.#lanes < this.#most()) {
      this.#window = { at: now, arrived: this.#arrived, lanes: this.#lanes }
      return
    }
    // Two windows, so that a round of requests and answers is in it.
    if (ms < windowMs * 1.9) return
    const rate = ((this.#arrived - window.arrived) / ms) * 1000
    const mean = this.#arrived / Math.max(1, this.#fetched)
    const remaining = this.#queue.length * mean
    this.#growth = grow(this.#growth, { rate, remaining, most: this.#how.connections, now, patience })
    this.#window = { at: now, arrived: this.#arrived, lanes: this.#lanes }
    this.#fill()
  }
}

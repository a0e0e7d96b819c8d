import { isFault } from '@jackdaw/contract/faults.ts'
import { networkFault } from '#kernel/http/network-fault.ts'
import { missing } from '#kernel/landing/intervals.ts'
import { checkLanded, checkSize, overlapBytes } from '../checks.ts'
import type { Context } from '../context.ts'
import { Unusual } from '#kernel/http/head.ts'
import { Untrue } from '../signals.ts'
import { ifRange } from '../version.ts'
import { Buffers } from './buffers.ts'
import { grow, oneLane, refused, settled, type Growth } from '#kernel/http/growth.ts'
import { judgeHead } from './judge.ts'
import { Lane } from './lane.ts'

/** A file smaller than this is asked for as a whole, without a range. */
const wholeBytes = 1024 * 1024
/** No second lane for less: its connection would cost more than it brings. */
const leastSplitBytes = 2 * 1024 * 1024
/** A lane that brought this much before it broke was no refusal. */
const progressBytes = 64 * 1024
const windowMs = 100

/**
 * Gets the missing ranges of a file of known length over raw sockets, by as many lanes as pay. Resolves to its length.
 * Throws `Unusual` where the well-kept client has to look, `Changed` and `Untrue` as they say, or the fault of the
 * only lane; what has arrived until then is written.
 */
export async function fetchFast(context: Context, total: number): Promise<number> {
  checkSize(total, context.maxBytes)
  if (!context.ranges && context.landing.bytes < total) await context.landing.restart(context.landing.version)
  await new Fast(context, total).run()
  return total
}

type Gap = readonly [from: number, to: number]

/** A gap as pieces of at most so many bytes. */
function cut([from, to]: Gap, most: number): Gap[] {
  const pieces = Math.max(1, Math.ceil((to - from) / most))
  return Array.from(
    { length: pieces },
    (_, at) => [at === 0 ? from : from + at * most, Math.min(to, from + (at + 1) * most)] as const,
  )
}

/** Hands gaps to lanes, cuts long lanes in two, and asks `grow` how many to have. */
class Fast {
  readonly #context: Context
  readonly #total: number
  readonly #buffers: Buffers
  /** Running lanes, oldest first. */
  readonly #lanes = new Set<Lane>()
  /** The first bytes at each cut, by whichever side got there first. */
  readonly #meetings = new Map<number, Buffer>()
  readonly #ended = Promise.withResolvers<void>()
  readonly #gaps: Gap[]
  readonly #host: string
  readonly #before: number
  #growth: Growth = oneLane
  #arrived = 0
  #fault: unknown
  #window = { at: performance.now(), arrived: 0, settled: false }
  #slowestStartMs = 0

  constructor(context: Context, total: number) {
    this.#context = context
    this.#total = total
    this.#buffers = new Buffers(context.tuning.bufferBytes)
    this.#host = context.final.host
    this.#before = context.landing.bytes
    this.#gaps = missing(context.landing.have, total).flatMap((gap) => cut(gap, context.chunkBytes))
  }

  async run(): Promise<void> {
    const timer = setInterval(() => this.#tick(performance.now()), windowMs)
    try {
      this.#fill()
      await this.#ended.promise
    } finally {
      clearInterval(timer)
      this.#context.slots.leave(this, this.#host)
    }
  }

  /** Starts lanes up to the wanted number; ends when nothing is left to do, or after a fault nothing runs any more. */
  #fill(): void {
    while (this.#fault === undefined && this.#lanes.size < Math.min(this.#most(), this.#growth.lanes)) {
      const gap = this.#gaps.shift() ?? this.#split()
      if (gap === undefined) break
      void this.#drive(gap)
      this.#window.settled = false
    }
    this.#context.slots.use(this, this.#host, this.#lanes.size)
    if (this.#lanes.size > 0) return
    if (this.#fault === undefined) this.#ended.resolve()
    else this.#ended.reject(this.#fault)
  }

  #most(): number {
    const context = this.#context
    return context.ranges ? context.slots.most(this, this.#host, context.maxConnections) : 1
  }

  /** The second half of what the longest lane has before it. */
  #split(): Gap | undefined {
    let longest: Lane | undefined
    for (const lane of this.#lanes) if (lane.flows && lane.remaining > (longest?.remaining ?? 0)) longest = lane
    if (longest === undefined || longest.remaining < leastSplitBytes) return undefined
    const end = longest.to
    const middle = longest.received + Math.ceil(longest.remaining / 2)
    longest.cut(middle)
    return [middle, end]
  }

  async #drive([from, to]: Gap): Promise<void> {
    const whole =
      from === 0 &&
      to === this.#total &&
      to <= this.#context.chunkBytes &&
      (this.#total < wholeBytes || !this.#context.ranges)
    const back = this.#overlapBefore(from)
    const started = performance.now()
    const size = this.#lanes.size === 0 ? 'big' : 'small'
    const lane: Lane = new Lane(
      this.#context,
      this.#buffers,
      { from, to, back, whole, size, headers: this.#headers() },
      {
        head: (head) => {
          const alone = this.#lanes.size === 1
          judgeHead(this.#context, head, { from: from - back, to, total: this.#total, whole, alone })
          this.#slowestStartMs = Math.max(this.#slowestStartMs, performance.now() - started)
        },
        arrived: (bytes) => this.#count(bytes),
        meet: (at, bytes) => this.#meet(at, bytes),
      },
    )
    this.#lanes.add(lane)
    try {
      await lane.run()
      this.#lanes.delete(lane)
    } catch (error) {
      this.#lanes.delete(lane)
      if (lane.remaining > 0) this.#gaps.unshift([lane.received, lane.to])
      this.#failed(error, lane.received - from)
    }
    this.#fill()
  }

  /** A lane has failed after so many bytes. What ends all, what is a refusal, and what is just tried again? */
  #failed(error: unknown, bytes: number): void {
    const { run } = this.#context
    if (run.signal.aborted) return this.#end(run.signal.reason)
    const fault = networkFault(error)
    const passing = isFault(
      fault,
      'source.throttled',
      'source.broken',
      'source.truncated',
      'source.unreachable',
      'source.stalled',
    )
    const others = this.#lanes.size > 0
    if (others && passing && bytes >= progressBytes) return
    if (others && (passing || (error instanceof Unusual && !(error instanceof Untrue)))) {
      run.log({ site: this.#host, lanes: this.#lanes.size + 1 }, 'another connection was refused: back to one')
      this.#growth = refused(performance.now())
      return this.#shrink()
    }
    this.#end(fault)
  }

  #end(fault: unknown): void {
    this.#fault ??= fault
    for (const lane of this.#lanes) lane.stop()
  }

  /** Stops the youngest lanes above the wanted number; their rest becomes gaps. */
  #shrink(): void {
    for (const lane of [...this.#lanes].slice(this.#growth.lanes)) {
      if (lane.remaining > 0) this.#gaps.push([lane.received, lane.to])
      lane.stop()
    }
  }

  /** Lanes that get no connection while others run give their work back: there are as many as there may be. */
  #giveUpWaiting(now: number): void {
    const waiting = [...this.#lanes].filter((lane) => lane.waited(now) > this.#context.tuning.connectMs)
    if (waiting.length === 0 || waiting.length === this.#lanes.size) return
    this.#growth = settled(this.#lanes.size - waiting.length, now)
    for (const lane of waiting) {
      this.#gaps.unshift([lane.received, lane.to])
      lane.stop()
    }
  }

  #count(bytes: number): void {
    this.#arrived += bytes
    const done = Math.min(this.#total, this.#before + this.#arrived)
    this.#context.run.report({ unit: 'bytes', done, of: this.#total })
  }

  #meet(at: number, bytes: Buffer): void {
    const other = this.#meetings.get(at)
    if (other === undefined) {
      this.#meetings.set(at, bytes)
      return
    }
    const n = Math.min(other.length, bytes.length)
    checkLanded(other.subarray(0, n), bytes.subarray(0, n))
    this.#meetings.delete(at)
  }

  #tick(now: number): void {
    for (const lane of this.#lanes) lane.tick(now)
    this.#giveUpWaiting(now)
    if (this.#fault !== undefined || ![...this.#lanes].every((lane) => lane.flows)) return
    if (!this.#window.settled) {
      this.#window = { at: now, arrived: this.#arrived, settled: true }
      return
    }
    const ms = now - this.#window.at
    // Three times the way there and back: a connection that has just begun has not reached its speed.
    if (ms < Math.max(windowMs * 0.9, 3 * this.#slowestStartMs)) return
    const rate = ((this.#arrived - this.#window.arrived) / ms) * 1000
    const remaining = this.#total - this.#before - this.#arrived
    const wanted = this.#growth.lanes
    this.#growth = grow(this.#growth, { rate, remaining, most: this.#most(), now })
    this.#window = { at: now, arrived: this.#arrived, settled: true }
    if (this.#growth.lanes < wanted) this.#shrink()
    if (this.#growth.lanes > wanted) this.#fill()
  }

  #headers(): Record<string, string> {
    const { visitor, final, landing } = this.#context
    const condition = landing.version && landing.bytes > 0 ? ifRange(landing.version) : undefined
    return {
      ...visitor.headersFor(final),
      'accept-encoding': 'identity',
      ...(condition === undefined ? {} : { 'if-range': condition }),
    }
  }

  /** How many bytes before `from` are here and can be compared. */
  #overlapBefore(from: number): number {
    const bytes = Math.min(from, overlapBytes)
    const here = this.#context.landing.have.some(([start, end]) => start <= from - bytes && end >= from)
    return here ? bytes : 0
  }
}

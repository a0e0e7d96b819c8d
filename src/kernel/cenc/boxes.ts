import { Fault } from '@jackdaw/contract/faults.ts'

/** A box of an MP4 file (ISO/IEC 14496-12, section 4.2): where it, and what is in it, lies in the bytes. */
export interface Box {
  readonly type: string
  readonly start: number
  /** Behind size, type and, of a `uuid`, its id. */
  readonly body: number
  readonly end: number
  /** Hex, of a `uuid` box. */
  readonly uuid?: string
}

/** More boxes side by side than any file has; each costs at least eight bytes. */
const mostBoxes = 100_000

/** The boxes side by side from `from` to `to`. Throws `source.malformed` when they do not fit. */
export function boxesOf(bytes: Buffer, from = 0, to = bytes.length): readonly Box[] {
  const found: Box[] = []
  for (let at = from; at + 8 <= to;) {
    const box = boxAt(bytes, at, to)
    if (box.end > to) throw broken('a box of it is longer than what it is in')
    found.push(box)
    if (found.length > mostBoxes) throw broken('it has too many boxes')
    at = box.end
  }
  return found
}

/** The box that begins at `at`; its end may lie behind the bytes that are there. */
export function boxAt(bytes: Buffer, at: number, to = bytes.length): Box {
  let size = bytes.readUInt32BE(at)
  const type = bytes.toString('latin1', at + 4, at + 8)
  let body = at + 8
  if (size === 1) {
    if (at + 16 > bytes.length) throw broken('a box of it is cut off')
    size = Number(bytes.readBigUInt64BE(at + 8))
    body += 8
  } else if (size === 0) size = to - at
  const uuid = type === 'uuid' && body + 16 <= bytes.length ? bytes.toString('hex', body, body + 16) : undefined
  if (uuid !== undefined) body += 16
  const end = at + size
  if (!Number.isSafeInteger(end) || end < body) throw broken('a box of it has no size')
  return { type, start: at, body, end, ...(uuid !== undefined && { uuid }) }
}

/** All boxes on a way from outer to inner: `['traf', 'trun']`. */
export function within(bytes: Buffer, boxes: readonly Box[], path: readonly string[]): readonly Box[] {
  const [first, ...rest] = path
  const found = boxes.filter((box) => box.type === first)
  return rest.length === 0 ? found : found.flatMap((box) => within(bytes, boxesOf(bytes, box.body, box.end), rest))
}

/** Makes a box one that every reader passes over. Nothing moves, so that offsets stay right. */
export function blank(bytes: Buffer, box: Box): void {
  bytes.write('free', box.start + 4, 'latin1')
}

/** Reads numbers one after the other; running out of the box is `source.malformed`. */
export class Cursor {
  readonly #bytes: Buffer
  readonly #end: number
  at: number

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes
    this.at = at
    this.#end = Math.min(end, bytes.length)
  }

  number(size: 1 | 2 | 3 | 4): number {
    return this.#bytes.readUIntBE(this.#move(size), size)
  }

  long(): number {
    const value = Number(this.#bytes.readBigUInt64BE(this.#move(8)))
    if (!Number.isSafeInteger(value)) throw broken('a number of it is out of reach')
    return value
  }

  take(size: number): Buffer {
    const at = this.#move(size)
    return this.#bytes.subarray(at, at + size)
  }

  skip(size: number): void {
    this.#move(size)
  }

  get left(): number {
    return this.#end - this.at
  }

  #move(size: number): number {
    const { at } = this
    if (size < 0 || at + size > this.#end) throw broken('a box of it is cut off')
    this.at += size
    return at
  }
}

export function broken(reason: string): Fault {
  return new Fault('source.malformed', { reason })
}

import { Fault } from '@jackdaw/contract/faults.ts'
import type { Chunk } from '#kernel/http/line.ts'
import { networkFault } from '#kernel/http/network-fault.ts'
import { Fifo } from './fifo.ts'
import { Piece } from './piece.ts'
import type { TrackFiles } from './shelf.ts'
import type { Init, Opening, Segment } from './track.ts'

/** A segment is some seconds long; what has to be opened as a whole must fit in memory. */
const mostWholeBytes = 128 * 1024 * 1024

/** The pieces of one track in their order: what arrives of the first one is written at once, the others wait. */
export class Lineup {
  readonly files: TrackFiles
  /** A piece is written and gone. */
  onWritten: () => void = () => undefined
  onFault: (thrown: unknown) => void = () => undefined
  readonly #opening: Opening | undefined
  readonly #pieces = new Fifo<Piece>()
  #writing: Promise<void> | undefined
  #isWriting = false
  /** Of the segment before. */
  #init: string | undefined
  /** What comes next does not follow from what is here. */
  #isBroken: boolean
  #isOver = false
  #arrived = 0
  #waiting = 0

  /** `last` is the segment after which an earlier attempt ended, if what comes next may follow it. */
  constructor(files: TrackFiles, opening: Opening | undefined, last: Segment | undefined) {
    this.files = files
    this.#opening = opening
    this.#isBroken = last === undefined || last.gap === true
    this.#init = nameOf(last?.init)
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0
  }

  /** Bytes that are written or on their way. */
  get bytes(): number {
    return this.files.bytes + this.#arrived
  }

  /** Bytes that wait in memory. */
  get waiting(): number {
    return this.#waiting
  }

  isNext(piece: Piece): boolean {
    return this.#pieces.first === piece
  }

  add(segment: Segment): Piece {
    const piece = new Piece(segment)
    this.#pieces.push(piece)
    if (piece.isLost) this.stir()
    return piece
  }

  take(piece: Piece, chunk: Chunk): void {
    const { length } = chunk.bytes
    piece.chunks.push(chunk)
    piece.bytes += length
    this.#arrived += length
    this.#waiting += length
    if (this.#opening && piece.bytes > mostWholeBytes) {
      throw new Fault('source.malformed', { reason: `a segment is larger than ${mostWholeBytes} bytes` })
    }
    if (this.isNext(piece)) this.stir()
  }

  end(piece: Piece): void {
    piece.isWhole = true
    this.stir()
  }

  restart(piece: Piece): void {
    this.#arrived -= piece.bytes
    this.#waiting -= lengthOf(piece.chunks.map(({ bytes }) => bytes))
    piece.restart()
  }

  lose(piece: Piece): void {
    piece.isLost = true
    this.stir()
  }

  /** Writes what can be written. */
  stir(): void {
    if (this.#isWriting || this.#isOver) return
    this.#isWriting = true
    this.#writing = this.#write()
  }

  /** Waits for what is being written, and closes the file. `isKept`: whatever is whole is written first. */
  async settle(isKept: boolean): Promise<void> {
    if (isKept) this.stir()
    else this.#isOver = true
    await this.#writing
    this.#isOver = true
    await this.files.close()
  }

  async #write(): Promise<void> {
    try {
      for (let piece = this.#pieces.first; piece !== undefined && !this.#isOver; piece = this.#pieces.first) {
        if (piece.isLost) {
          this.#isBroken = true
          this.files.commit(piece.segment, 0, 0)
        } else if (!(await this.#writePiece(piece))) return
        this.#pieces.shift()
        this.#arrived -= piece.bytes
        this.onWritten()
      }
    } catch (thrown) {
      this.#isOver = true
      this.onFault(networkFault(thrown))
    } finally {
      // In the same breath as the last look at the queue: nothing can arrive in between and be overlooked.
      this.#isWriting = false
    }
  }

  /** Whether it is whole and written. */
  async #writePiece(piece: Piece): Promise<boolean> {
    const { segment } = piece
    while (piece.isWhole || (piece.chunks.length > 0 && this.#opening === undefined)) {
      const place = (piece.place ??= await this.#placeOf(piece))
      const { isWhole, round, chunks: taken } = piece
      piece.chunks = []
      const fetched = taken.map(({ bytes }) => bytes)
      this.#waiting -= lengthOf(fetched)
      const chunks =
        this.#opening && taken.length > 0 ? [this.#opening.piece(Buffer.concat(fetched), piece.init)] : fetched
      if (place.round !== round) {
        chunks.unshift(...place.head)
        place.at = 0
        place.round = round
      }
      if (chunks.length > 0) await this.files.write(chunks, place.at)
      for (const { free } of taken) free()
      if (piece.round !== round) continue
      place.at += lengthOf(chunks)
      if (!isWhole) continue
      this.#init = nameOf(segment.init)
      this.#isBroken = false
      this.files.commit(segment, place.at, segment.seconds)
      return true
    }
    return false
  }

  /** Begins a stretch where the piece does not go on with the one before. */
  async #placeOf(piece: Piece): Promise<NonNullable<Piece['place']>> {
    const { segment, init } = piece
    const isNew = this.#isBroken || segment.discontinuity === true || nameOf(segment.init) !== this.#init
    if (isNew) await this.files.begin()
    const head = isNew && init ? [this.#opening?.init(init) ?? init] : []
    return { head, round: -1, at: 0 }
  }
}

function nameOf(init: Init | undefined): string {
  return init === undefined ? '' : JSON.stringify([init.url, init.range])
}

function lengthOf(chunks: readonly Uint8Array[]): number {
  let length = 0
  for (const chunk of chunks) length += chunk.length
  return length
}

import type { Chunk } from '#kernel/http/line.ts'
import type { Segment } from './track.ts'

/** One segment on its way from the far side to its place in a file. */
export class Piece {
  readonly segment: Segment
  /** As it was fetched. */
  init: Buffer | undefined
  /** Tries that have failed. */
  tries = 0
  /** Bytes that arrived in this try and are not yet written. */
  chunks: Chunk[] = []
  /** Bytes that arrived in this try. */
  bytes = 0
  /** Nothing more will come. */
  isWhole = false
  /** It is left out. */
  isLost: boolean
  /** Changes with each try: what was written of the one before does not count. */
  round = 0
  /** Where its writer stands: the initialisation before it, the try, and the bytes written of that. */
  place: { readonly head: readonly Uint8Array[]; round: number; at: number } | undefined

  constructor(segment: Segment) {
    this.segment = segment
    this.isLost = segment.gap === true
  }

  restart(): void {
    this.round += 1
    this.tries += 1
    for (const { free } of this.chunks) free()
    this.chunks = []
    this.bytes = 0
  }
}

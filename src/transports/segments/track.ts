/** Part of a file: `bytes` bytes from byte `from`. */
export interface Range {
  readonly from: number
  readonly bytes: number
}

/** A 128-bit AES key at an address, and the start value as 32 hex digits. */
export interface SegmentKey {
  readonly url: string
  readonly iv: string
}

/** What a decoder has to know before the first piece: `EXT-X-MAP` (RFC 8216, 4.3.2.5), DASH's Initialization. */
export interface Init {
  readonly url: string
  readonly range?: Range
  readonly key?: SegmentKey
}

/** A piece of a track: fetched by one request, written in order. */
export interface Segment {
  readonly url: string
  readonly range?: Range
  readonly seconds: number
  /** Written before it whenever it differs from that of the segment before. */
  readonly init?: Init
  /** AES-128-CBC over the whole piece (RFC 8216, 4.3.2.4). */
  readonly key?: SegmentKey
  /** Its timestamps, or its codecs, have nothing to do with those of the segment before. */
  readonly discontinuity?: boolean
  /** The far side says that it is not there: left out. */
  readonly gap?: boolean
  /** Number in a stream that goes on (HLS media sequence); tells where to go on after a pause. */
  readonly sequence?: number
}

export type Container = 'ts' | 'mp4' | 'webm' | 'aac' | 'mp3' | 'ac3' | 'vtt'

/** Segments that make one stream when joined. */
export interface Track {
  readonly kind: 'muxed' | 'video' | 'audio' | 'subtitle'
  /** BCP 47. */
  readonly language?: string
  /** What the manifest says; the first bytes decide. */
  readonly container?: Container
  readonly segments: readonly Segment[]
  /** Changes what was fetched before it is written: decryption inside a container (CENC), say. */
  readonly open?: Opening
}

/** Pieces are handed over whole, in order, after AES-128 was undone. Both may throw a fault, which ends the fetch. */
export interface Opening {
  /** The initialisation as it is to be written. */
  init(init: Uint8Array): Uint8Array
  /** A piece as it is to be written; `init` is the one that it belongs to, as it was fetched. */
  piece(piece: Uint8Array, init: Uint8Array | undefined): Uint8Array
}

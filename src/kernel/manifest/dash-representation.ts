import type { Protection } from './dash-protection.ts'
import type { Span } from './dash-segments.ts'

/** One quality of picture, sound or subtitles, over all periods. */
export interface Representation {
  /** The same whenever the manifest is read again. */
  readonly id: string
  readonly kind: 'video' | 'audio' | 'subtitle'
  /** Media type without parameters: `video/mp4`. */
  readonly type: string
  /** RFC 6381, as the manifest has it: `avc1.64001f`. A picture with sound in one stream has both. */
  readonly codecs: string
  /** Bits per second. */
  readonly bandwidth: number
  readonly width?: number | undefined
  readonly height?: number | undefined
  readonly framesPerSecond?: number | undefined
  readonly language?: string | undefined
  readonly label?: string | undefined
  /** Said to be what most people want; not a commentary or a description for the blind. */
  readonly isMain: boolean
  readonly protection?: Protection | undefined
  /** In order, one for each period. */
  readonly spans: readonly Span[]
}

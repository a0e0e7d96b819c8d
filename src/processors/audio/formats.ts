import { soundContainer, type ContainerName, type Stream } from '#kernel/ffmpeg/containers.ts'
import type { AudioFormat } from '@jackdaw/contract/nouns/options.ts'

/** What to do with a sound: into which container, and encoded how. Without `encoder` it is copied. */
export interface Plan {
  readonly container: ContainerName
  readonly encoder: string | undefined
  readonly args: readonly string[]
}

interface Format {
  readonly container: ContainerName
  /** Codecs that are this format already. */
  readonly codecs: readonly string[]
  readonly encoder: string
  /** Quality when no bitrate is asked for. */
  readonly usual: readonly string[]
  /** Thousands of bits per second that the codec knows; nothing for those that lose nothing. */
  readonly range?: readonly [number, number]
}

const formats: Readonly<Record<Exclude<AudioFormat, 'best'>, Format>> = {
  // V0: variable, about 245 kbit/s, which nobody tells from the original.
  mp3: { container: 'mp3', codecs: ['mp3'], encoder: 'libmp3lame', usual: ['-q:a', '0'], range: [8, 320] },
  m4a: { container: 'm4a', codecs: ['aac', 'alac'], encoder: 'aac', usual: ['-b:a', '192k'], range: [16, 512] },
  // Opus Recommended Settings (wiki.xiph.org): transparent for stereo music.
  opus: { container: 'opus', codecs: ['opus'], encoder: 'libopus', usual: ['-b:a', '160k'], range: [8, 510] },
  flac: { container: 'flac', codecs: ['flac'], encoder: 'flac', usual: [] },
  wav: { container: 'wav', codecs: ['pcm_s16le', 'pcm_s24le'], encoder: 'pcm_s16le', usual: [] },
}

/** Copies when the codec is the wanted one and no bitrate was asked for. Bitrates are cut to what the codec knows. */
export function planOf(
  { format, bitrate }: { readonly format: AudioFormat; readonly bitrate?: number | undefined },
  sound: Stream,
): Plan {
  if (format === 'best') return { container: soundContainer([sound]), encoder: undefined, args: [] }
  const { container, codecs, encoder, usual, range } = formats[format]
  const asked = range && bitrate !== undefined ? Math.min(Math.max(bitrate, range[0]), range[1]) : undefined
  if (codecs.includes(sound.codec) && asked === undefined) return { container, encoder: undefined, args: [] }
  const quality = asked === undefined ? usual : ['-b:a', `${asked}k`]
  // More than two channels: mp3 knows none, and libopus refuses some orders of them.
  const channels = (sound.channels ?? 2) > 2 && (format === 'mp3' || format === 'opus') ? ['-ac', '2'] : []
  return { container, encoder, args: [...quality, ...channels] }
}

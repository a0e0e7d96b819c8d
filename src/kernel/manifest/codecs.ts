/** What a codec of RFC 6381 is called by people and by ffmpeg: `avc1.64001f` is `h264`. Undefined when it is unknown. */
export function codecName(codec: string): string | undefined {
  const [family = '', object = ''] = codec.trim().toLowerCase().split('.')
  if (family === 'mp4a') return ['69', '6b', '34'].includes(object) ? 'mp3' : 'aac'
  return Object.hasOwn(names, family) ? names[family] : undefined
}

/** Whether a codec is of pictures, where that is known. */
export function isPictureCodec(codec: string): boolean {
  return pictures.has(codecName(codec) ?? '')
}

const names: Readonly<Record<string, string>> = {
  avc1: 'h264',
  avc3: 'h264',
  hvc1: 'hevc',
  hev1: 'hevc',
  dvh1: 'hevc',
  dvhe: 'hevc',
  vp8: 'vp8',
  vp08: 'vp8',
  vp9: 'vp9',
  vp09: 'vp9',
  av01: 'av1',
  av1: 'av1',
  mp4v: 'mpeg4',
  opus: 'opus',
  vorbis: 'vorbis',
  flac: 'flac',
  'ac-3': 'ac3',
  'ec-3': 'eac3',
  mp3: 'mp3',
}
const pictures = new Set(['h264', 'hevc', 'vp8', 'vp9', 'av1', 'mpeg4'])

import type { ContainerName } from '#kernel/ffmpeg/containers.ts'

/** How one kind of stream is made, and what is good as it is. */
export interface Coding {
  readonly encoder: string
  readonly args: readonly string[]
  /** Codecs that need no encoding. */
  readonly fits: readonly string[]
  /** Pixel formats that players of this preset know; any when absent. */
  readonly pixels?: readonly string[]
}

export interface FilmPreset {
  readonly kind: 'film'
  readonly title: string
  readonly container: ContainerName
  readonly video: Coding & {
    /** Quality when none is asked for, and the flag and the words for speed of this encoder. */
    readonly crf: number
    readonly speed: { readonly flag: string; readonly words: Readonly<Record<Speed, string>> }
  }
  readonly audio: Coding
}

export interface SoundPreset {
  readonly kind: 'sound'
  readonly title: string
  readonly container: ContainerName
  readonly audio: Coding
}

export interface PicturePreset {
  readonly kind: 'picture'
  readonly title: string
  readonly extension: string
  readonly muxer: string
  readonly encoder: string
  readonly type: string
  /** The encoder's argument for a quality of 0 (worst) to 100. */
  readonly quality: (quality: number) => readonly string[]
  readonly pixels: string
}

export interface AnimationPreset {
  readonly kind: 'animation'
  readonly title: string
}

export type Preset = FilmPreset | SoundPreset | PicturePreset | AnimationPreset

export const speeds = ['fastest', 'fast', 'medium', 'slow'] as const
export type Speed = (typeof speeds)[number]

const x26x = {
  flag: '-preset',
  words: { fastest: 'ultrafast', fast: 'veryfast', medium: 'medium', slow: 'slow' },
} as const
const vpx = { flag: '-cpu-used', words: { fastest: '8', fast: '5', medium: '3', slow: '1' } } as const
const svt = { flag: '-preset', words: { fastest: '12', fast: '10', medium: '8', slow: '5' } } as const

const aac: Coding = { encoder: 'aac', args: ['-b:a', '160k', '-ac', '2'], fits: ['aac', 'mp3'] }
const opus: Coding = { encoder: 'libopus', args: ['-b:a', '128k', '-ac', '2'], fits: ['opus', 'vorbis'] }
const h264 = {
  encoder: 'libx264',
  // 4:2:0 and 8 bits is all that phones and browsers decode.
  args: ['-pix_fmt', 'yuv420p'],
  fits: ['h264'],
  pixels: ['yuv420p', 'yuvj420p'],
  crf: 23,
  speed: x26x,
}

const sound = (title: string, container: ContainerName, audio: Coding): SoundPreset => ({
  kind: 'sound',
  title,
  container,
  audio,
})

/** Every preset there is; the name is what people type. */
export const presets = {
  mp4: { kind: 'film', title: 'H.264 and AAC in MP4: plays everywhere', container: 'mp4', video: h264, audio: aac },
  'mp4-hevc': {
    kind: 'film',
    title: 'HEVC and AAC in MP4: half the size, newer devices',
    container: 'mp4',
    video: {
      encoder: 'libx265',
      args: ['-pix_fmt', 'yuv420p', '-x265-params', 'log-level=error'],
      fits: ['hevc'],
      crf: 26,
      speed: x26x,
    },
    audio: aac,
  },
  'mp4-av1': {
    kind: 'film',
    title: 'AV1 and AAC in MP4: smallest, newest devices',
    container: 'mp4',
    video: { encoder: 'libsvtav1', args: ['-pix_fmt', 'yuv420p'], fits: ['av1'], crf: 34, speed: svt },
    audio: aac,
  },
  webm: {
    kind: 'film',
    title: 'VP9 and Opus in WebM: free, for browsers',
    container: 'webm',
    video: {
      encoder: 'libvpx-vp9',
      args: ['-b:v', '0', '-row-mt', '1', '-deadline', 'good', '-pix_fmt', 'yuv420p'],
      fits: ['vp8', 'vp9', 'av1'],
      crf: 33,
      speed: vpx,
    },
    audio: opus,
  },
  mkv: {
    kind: 'film',
    title: 'H.264 and AAC in Matroska; other codecs stay as they are',
    container: 'mkv',
    video: { ...h264, fits: ['h264', 'hevc', 'vp8', 'vp9', 'av1'], pixels: [] },
    audio: { ...aac, fits: ['aac', 'mp3', 'ac3', 'eac3', 'opus', 'vorbis', 'flac', 'dts', 'truehd', 'alac'] },
  },
  gif: { kind: 'animation', title: 'A GIF with colours of its own' },
  mp3: sound('MP3', 'mp3', { encoder: 'libmp3lame', args: ['-q:a', '2'], fits: ['mp3'] }),
  m4a: sound('AAC in M4A', 'm4a', { encoder: 'aac', args: ['-b:a', '192k'], fits: ['aac', 'alac'] }),
  opus: sound('Opus', 'opus', { encoder: 'libopus', args: ['-b:a', '128k', '-ac', '2'], fits: ['opus'] }),
  ogg: sound('Vorbis in Ogg', 'ogg', { encoder: 'libvorbis', args: ['-q:a', '5'], fits: ['vorbis', 'opus'] }),
  flac: sound('FLAC: nothing is lost', 'flac', { encoder: 'flac', args: [], fits: ['flac'] }),
  wav: sound('WAV: not compressed', 'wav', { encoder: 'pcm_s16le', args: [], fits: ['pcm_s16le', 'pcm_s24le'] }),
  jpg: {
    kind: 'picture',
    title: 'JPEG',
    extension: '.jpg',
    muxer: 'mjpeg',
    encoder: 'mjpeg',
    type: 'image/jpeg',
    // mjpeg counts from 2 (best) to 31.
    quality: (quality) => ['-q:v', String(Math.round(31 - (quality / 100) * 29))],
    pixels: 'yuvj420p',
  },
  png: {
    kind: 'picture',
    title: 'PNG: nothing is lost',
    extension: '.png',
    muxer: 'image2pipe',
    encoder: 'png',
    type: 'image/png',
    quality: () => [],
    pixels: 'rgba',
  },
  webp: {
    kind: 'picture',
    title: 'WebP',
    extension: '.webp',
    muxer: 'webp',
    encoder: 'libwebp',
    type: 'image/webp',
    quality: (quality) => ['-quality', String(quality)],
    pixels: 'yuva420p',
  },
} as const satisfies Record<string, Preset>

export type PresetName = keyof typeof presets

/** In the order in which they are shown. */
export const presetNames = Object.keys(presets) as [PresetName, ...PresetName[]] // the keys of a constant are its names

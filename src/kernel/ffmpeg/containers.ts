import type { MediaFacts } from '@jackdaw/contract/nouns/asset.ts'
import { safeName, splitName } from '../names.ts'

export type Stream = NonNullable<MediaFacts['streams']>[number]

/** What a container holds by copy, as far as players agree with the specification. Codecs as ffprobe names them. */
export interface Container {
  readonly muxer: string
  /** The usual one first. */
  readonly extensions: readonly [string, ...string[]]
  readonly video: readonly string[] | 'any'
  readonly audio: readonly string[] | 'any'
  readonly subtitles: readonly string[]
  /** Encoder into which other text subtitles are turned. */
  readonly text?: string
  /** Pictures that it can have as a cover, by copy. */
  readonly covers?: readonly string[]
  /** Holds files, such as fonts. A cover is one too, but ffmpeg copies it as a film of one frame: see `-attach`. */
  readonly attachments?: true
  readonly flags?: readonly string[]
}

const faststart = ['-movflags', '+faststart']
const stills = ['mjpeg', 'png']
const pcm = ['pcm_s16le', 'pcm_s24le', 'pcm_s32le', 'pcm_f32le', 'pcm_f64le', 'pcm_u8', 'pcm_alaw', 'pcm_mulaw']
const movAudio = ['aac', 'mp3', 'ac3', 'eac3', 'alac', 'opus', 'flac', 'mp2']

export const containers = {
  mp4: {
    muxer: 'mp4',
    extensions: ['.mp4', '.m4v'],
    video: ['h264', 'hevc', 'av1', 'vp9', 'mpeg4', 'mpeg2video', 'mpeg1video'],
    audio: movAudio,
    subtitles: ['mov_text'],
    text: 'mov_text',
    covers: stills,
    flags: faststart,
  },
  mov: {
    muxer: 'mov',
    extensions: ['.mov', '.qt'],
    video: ['h264', 'hevc', 'mpeg4', 'mpeg2video', 'prores', 'mjpeg', 'dnxhd', 'qtrle', 'rawvideo', 'dvvideo'],
    audio: ['aac', 'mp3', 'ac3', 'eac3', 'alac', 'mp2', ...pcm, 'pcm_s16be', 'pcm_s24be'],
    subtitles: ['mov_text'],
    text: 'mov_text',
    flags: faststart,
  },
  mkv: {
    muxer: 'matroska',
    extensions: ['.mkv'],
    video: 'any',
    audio: 'any',
    subtitles: ['subrip', 'ass', 'ssa', 'webvtt', 'hdmv_pgs_subtitle', 'dvd_subtitle', 'dvb_subtitle'],
    text: 'subrip',
    attachments: true,
  },
  webm: {
    muxer: 'webm',
    extensions: ['.webm', '.weba'],
    video: ['vp8', 'vp9', 'av1'],
    audio: ['opus', 'vorbis'],
    subtitles: ['webvtt'],
    text: 'webvtt',
  },
  ts: {
    muxer: 'mpegts',
    extensions: ['.ts', '.m2ts', '.mts'],
    video: ['h264', 'hevc', 'mpeg2video', 'mpeg1video', 'mpeg4'],
    audio: ['aac', 'mp3', 'mp2', 'ac3', 'eac3', 'dts', 'truehd', 'opus'],
    subtitles: ['dvb_subtitle', 'hdmv_pgs_subtitle'],
  },
  m4a: {
    muxer: 'ipod',
    extensions: ['.m4a', '.m4b'],
    video: [],
    audio: ['aac', 'alac', 'ac3', 'eac3'],
    subtitles: [],
    covers: stills,
    flags: faststart,
  },
  mka: { muxer: 'matroska', extensions: ['.mka'], video: [], audio: 'any', subtitles: [], attachments: true },
  mp3: {
    muxer: 'mp3',
    extensions: ['.mp3'],
    video: [],
    audio: ['mp3'],
    subtitles: [],
    covers: stills,
    // Version 2.3 is what every player reads; pictures and texts are the same in both.
    flags: ['-id3v2_version', '3'],
  },
  ogg: {
    muxer: 'ogg',
    extensions: ['.ogg', '.oga', '.ogv', '.opus'],
    video: ['theora', 'vp8'],
    audio: ['vorbis', 'opus', 'flac', 'speex'],
    subtitles: [],
  },
  opus: { muxer: 'opus', extensions: ['.opus', '.ogg', '.oga'], video: [], audio: ['opus'], subtitles: [] },
  flac: { muxer: 'flac', extensions: ['.flac'], video: [], audio: ['flac'], subtitles: [], covers: stills },
  wav: { muxer: 'wav', extensions: ['.wav'], video: [], audio: pcm, subtitles: [] },
  aac: { muxer: 'adts', extensions: ['.aac'], video: [], audio: ['aac'], subtitles: [] },
  ac3: { muxer: 'ac3', extensions: ['.ac3'], video: [], audio: ['ac3'], subtitles: [] },
} as const satisfies Record<string, Container>

export type ContainerName = keyof typeof containers

/** The container that a file is in, or the nearest that holds its streams by copy: an AVI becomes a Matroska file. */
export function containerOf(facts: MediaFacts): ContainerName {
  const streams = facts.streams ?? []
  const isFilm = streams.some(({ kind }) => kind === 'video')
  const sounds = streams.filter(({ kind }) => kind === 'audio')
  const named = byFormat(facts.container ?? '', isFilm, sounds)
  return misfits(named, streams).length === 0 ? named : isFilm ? 'mkv' : 'mka'
}

function byFormat(format: string, isFilm: boolean, sounds: readonly Stream[]): ContainerName {
  if (format === 'mp4') return isFilm ? 'mp4' : 'm4a'
  if (format === 'ogg') return !isFilm && sounds.every(({ codec }) => codec === 'opus') ? 'opus' : 'ogg'
  const same: Readonly<Record<string, ContainerName>> = {
    mov: 'mov',
    webm: 'webm',
    mpegts: 'ts',
    mp3: 'mp3',
    flac: 'flac',
    wav: 'wav',
    aac: 'aac',
    ac3: 'ac3',
  }
  return (Object.hasOwn(same, format) ? same[format] : undefined) ?? (isFilm ? 'mkv' : 'mka')
}

/** Sounds and pictures that a container cannot have by copy. */
export function misfits(name: ContainerName, streams: readonly Stream[]): readonly Stream[] {
  const container: Container = containers[name]
  return streams.filter(
    ({ kind, codec }) =>
      (kind === 'video' && !holds(container.video, codec)) || (kind === 'audio' && !holds(container.audio, codec)),
  )
}

/** The best container for streams that were made apart: what plays everywhere, then what is free, then what holds all. */
export function containerFor(streams: readonly Stream[]): ContainerName {
  if (!streams.some(({ kind }) => kind === 'video')) return soundContainer(streams)
  const plays = new Set(['h264', 'hevc', 'av1', 'mpeg4', 'aac', 'mp3', 'ac3', 'eac3', 'alac'])
  const heard = streams.filter(({ kind }) => kind === 'video' || kind === 'audio')
  if (heard.every(({ codec }) => plays.has(codec))) return 'mp4'
  return misfits('webm', heard).length === 0 ? 'webm' : 'mkv'
}

/** The container in which a sound is at home. */
export function soundContainer(streams: readonly Stream[]): ContainerName {
  const sounds = streams.filter(({ kind }) => kind === 'audio')
  const order = ['m4a', 'mp3', 'opus', 'flac', 'ogg', 'wav'] as const
  // Only Matroska and MP4 have several sounds.
  const fitting = order.filter((name) => sounds.length === 1 || name === 'm4a')
  return fitting.find((name) => misfits(name, sounds).length === 0) ?? 'mka'
}

const textCodecs = new Set(['subrip', 'srt', 'ass', 'ssa', 'webvtt', 'mov_text', 'text', 'subviewer', 'microdvd'])
const fontCodecs = new Set(['ttf', 'otf'])

export interface Carried {
  /** `-map` and `-c` of each stream that goes over, `-c copy` first. */
  readonly args: readonly string[]
  readonly count: number
  /** Streams that stay behind: data, pictures and subtitles that the container cannot have. */
  readonly left: readonly Stream[]
}

/**
 * The arguments that carry the streams of input `input` into a container by copy; text subtitles are turned into its own
 * kind. `first` is the number of the first stream in the output. Ask `misfits` before: sounds and films are not left out.
 */
export function carry(streams: readonly Stream[], name: ContainerName, input = 0, first = 0): Carried {
  const container: Container = containers[name]
  const args: string[] = []
  const left: Stream[] = []
  let count = 0
  for (const [index, stream] of streams.entries()) {
    const coder = coderOf(stream, container)
    if (coder === undefined) {
      left.push(stream)
      continue
    }
    const at = first + count++
    args.push('-map', `${input}:${index}`, `-c:${at}`, coder)
    // Apple's players know HEVC in MP4 by this name only.
    if (stream.kind === 'video' && stream.codec === 'hevc' && container.flags === faststart) {
      args.push(`-tag:${at}`, 'hvc1')
    }
  }
  return { args, count, left }
}

function coderOf({ kind, codec }: Stream, container: Container): string | undefined {
  if (kind === 'video') return holds(container.video, codec) ? 'copy' : undefined
  if (kind === 'audio') return holds(container.audio, codec) ? 'copy' : undefined
  if (kind === 'subtitle') {
    if (container.subtitles.includes(codec)) return 'copy'
    return textCodecs.has(codec) ? container.text : undefined
  }
  if (kind !== 'attachment') return undefined
  if (container.covers?.includes(codec)) return 'copy'
  return container.attachments && fontCodecs.has(codec) ? 'copy' : undefined
}

function holds(list: readonly string[] | 'any', codec: string): boolean {
  return list === 'any' ? codec !== 'unknown' && codec !== 'none' : list.includes(codec)
}

/** Arguments between the streams and the output: muxer, and nothing in the file that differs from run to run. */
export function muxed(name: ContainerName, path: string): readonly string[] {
  const { muxer, flags = [] }: Container = containers[name]
  // Brands of an MP4 are no tags of another file. bitexact leaves out random ids and our version: equal content, equal digest.
  const brands = ['major_brand', 'minor_version', 'compatible_brands'].flatMap((tag) => ['-metadata', `${tag}=`])
  // A film whose sound begins much later than its picture is no reason to run out of queue.
  return [...brands, '-max_muxing_queue_size', '4096', ...flags, '-fflags', '+bitexact', '-f', muxer, `file:${path}`]
}

/** The name of what was made of a file: its stem, something more, and the extension of its container. */
export function nameIn(name: ContainerName, original: string, more = ''): string {
  const { extensions }: Container = containers[name]
  const { stem, extension } = splitName(original)
  const same = extensions.includes(extension.toLowerCase()) ? extension : extensions[0]
  return safeName(`${stem}${more}${same}`)
}

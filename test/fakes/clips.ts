import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fileOnce } from './made-once.ts'

const run = promisify(execFile)

export interface ClipHow {
  readonly seconds?: number
  /** `none` leaves the picture out. */
  readonly video?: 'h264' | 'vp9' | 'none'
  readonly audio?: 'aac' | 'mp3' | 'opus' | 'flac' | 'none'
  readonly size?: string
  /** Hertz of the tone, so that sounds differ. */
  readonly tone?: number
  /** Seconds between key frames. */
  readonly keyEvery?: number
  /** Further inputs; the picture is 0, the sound 1. */
  readonly inputs?: readonly string[]
  /** Options of the output. */
  readonly more?: readonly string[]
}

const video = {
  h264: ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
  vp9: ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '60k'],
} as const
const audio = { aac: ['aac'], mp3: ['libmp3lame'], opus: ['libopus'], flac: ['flac'] } as const

/** Makes a tiny film or sound in a folder; its container is that of its name. Ten frames a second, 160 × 90. */
export async function clip(dir: string, name: string, how: ClipHow = {}): Promise<string> {
  const { seconds = 4, size = '160x90', tone = 440, keyEvery = 1, more = [] } = how
  const [picture, sound] = [how.video ?? 'h264', how.audio ?? 'aac']
  const inputs = [
    ...(picture === 'none' ? [] : ['-f', 'lavfi', '-i', `testsrc=size=${size}:rate=10:duration=${seconds}`]),
    ...(sound === 'none' ? [] : ['-f', 'lavfi', '-i', `sine=frequency=${tone}:duration=${seconds}`]),
    ...(how.inputs ?? []),
  ]
  const coders = [
    ...(picture === 'none' ? [] : [...video[picture], '-g', String(keyEvery * 10)]),
    ...(sound === 'none' ? [] : ['-c:a', ...audio[sound]]),
  ]
  const path = join(dir, name)
  const args = ['-nostdin', '-v', 'error', '-y', ...inputs, ...coders, ...more]
  const make = (at: string) => run('ffmpeg', [...args, `file:${at}`])
  // Inputs of its own may be files that differ under one name.
  if (how.inputs === undefined) await fileOnce(args, path, make)
  else await make(path)
  return path
}

/** Seconds, container and codecs in order, as ffprobe sees them; `wants` are further entries of a stream. */
export async function seen(path: string): Promise<Seen> {
  const args = ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', '-show_chapters', `file:${path}`]
  const { stdout } = await run('ffprobe', args)
  const { format, streams, chapters } = JSON.parse(stdout) as Answer // ffprobe's own words
  return {
    seconds: Number(format.duration),
    container: format.format_name,
    codecs: streams.map(({ codec_name }) => codec_name ?? 'unknown'),
    languages: streams.map(({ tags }) => tags?.['language']),
    height: streams.find(({ height }) => height)?.height,
    width: streams.find(({ width }) => width)?.width,
    tags: { ...streams[0]?.tags, ...format.tags },
    chapters: chapters.map(({ tags }) => tags?.['title'] ?? ''),
    covers: streams.filter(({ disposition }) => disposition?.['attached_pic'] === 1).length,
  }
}

export interface Seen {
  readonly seconds: number
  readonly container: string
  readonly codecs: readonly string[]
  readonly languages: readonly (string | undefined)[]
  readonly height: number | undefined
  readonly width: number | undefined
  readonly tags: Readonly<Record<string, string>>
  readonly chapters: readonly string[]
  readonly covers: number
}

interface Answer {
  format: { duration?: string; format_name: string; tags?: Record<string, string> }
  streams: {
    codec_name?: string
    width?: number
    height?: number
    tags?: Record<string, string>
    disposition?: Record<string, number>
  }[]
  chapters: { tags?: Record<string, string> }[]
}

/** Decodes all of a file and fails at the first error: the proof that it plays. */
export async function plays(path: string): Promise<void> {
  const { stderr } = await run('ffmpeg', [
    '-nostdin',
    '-v',
    'error',
    '-xerror',
    '-i',
    `file:${path}`,
    '-f',
    'null',
    '-',
  ])
  if (stderr !== '') throw new Error(stderr)
}

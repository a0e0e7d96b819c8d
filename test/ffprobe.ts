import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Streams {
  readonly seconds: number
  /** `h264 320x180`, `aac`, `mov_text eng`, in the order of the file. */
  readonly streams: readonly string[]
  /** Packets of each stream: what was lost is missing here. */
  readonly packets: readonly number[]
}

/** What a finished file holds, by the real ffprobe. */
export async function ffprobe(path: string): Promise<Streams> {
  const { stdout } = await run('ffprobe', [
    '-v',
    'error',
    '-count_packets',
    '-of',
    'json',
    '-show_entries',
    'format=duration:stream=codec_name,codec_type,width,height,nb_read_packets:stream_tags=language',
    path,
  ])
  const { format, streams } = JSON.parse(stdout) as {
    format: { duration: string }
    streams: {
      codec_name: string
      codec_type: string
      width?: number
      height?: number
      nb_read_packets: string
      tags?: { language?: string }
    }[]
  }
  return {
    seconds: Number(format.duration),
    streams: streams.map(({ codec_name, codec_type, width, height, tags }) => {
      if (codec_type === 'video') return `${codec_name} ${width}x${height}`
      return codec_type === 'subtitle' ? `${codec_name} ${tags?.language ?? ''}`.trim() : codec_name
    }),
    packets: streams.map(({ nb_read_packets }) => Number(nb_read_packets)),
  }
}

/** Makes a file with the real ffmpeg: a reference to compare with. */
export async function ffmpeg(...args: readonly string[]): Promise<void> {
  await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args])
}

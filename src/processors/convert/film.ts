import { carry, type ContainerName, type Stream } from '#kernel/ffmpeg/containers.ts'
import type { FilmPreset, SoundPreset, Speed } from './presets.ts'

export interface Wish {
  readonly height?: number | undefined
  readonly crf?: number | undefined
  readonly bitrate?: number | undefined
  readonly speed: Speed
}

/** A stream as far as a preset looks at it; pixels as ffprobe names their format. */
export interface Shown extends Stream {
  readonly pixels?: string | undefined
}

export interface Conversion {
  /** Maps, codecs and filters. */
  readonly args: readonly string[]
  readonly encoders: readonly string[]
}

/** What to do with each stream of a film: what fits is copied, the rest encoded. Pure. */
export function planFilm(streams: readonly Shown[], preset: FilmPreset, wish: Wish): Conversion {
  const { video, audio, container } = preset
  return plan(streams, container, (stream, at) => {
    if (stream.kind === 'audio') {
      if (wish.bitrate === undefined && audio.fits.includes(stream.codec)) return undefined
      return [audio.encoder, ...own(withBitrate(audio.args, wish.bitrate), at)]
    }
    const filter = scaled(stream, wish.height)
    const fits = video.fits.includes(stream.codec) && isPlain(stream.pixels, video.pixels)
    if (filter === undefined && fits && wish.crf === undefined) return undefined
    const filters = filter ?? evened
    return [
      video.encoder,
      ...own(video.args, at),
      `-crf:${at}`,
      String(wish.crf ?? video.crf),
      `${video.speed.flag}:${at}`,
      video.speed.words[wish.speed],
      `-filter:${at}`,
      filters,
    ]
  })
}

/** The first sound of a file, copied when it fits; its cover goes along where there is a place for it. */
export function planSound(streams: readonly Shown[], preset: SoundPreset, wish: Wish): Conversion {
  const { audio, container } = preset
  const first = streams.find(({ kind }) => kind === 'audio')
  const wanted = streams.map((stream) =>
    stream === first || stream.kind === 'attachment' ? stream : { ...stream, kind: 'data' as const },
  )
  return plan(wanted, container, (stream, at) => {
    if (wish.bitrate === undefined && audio.fits.includes(stream.codec)) return undefined
    return [audio.encoder, ...own(withBitrate(audio.args, wish.bitrate), at)]
  })
}

/** `coding` says what encodes a sound or picture, or nothing when it is to be copied. */
function plan(
  streams: readonly Shown[],
  container: ContainerName,
  coding: (stream: Shown, at: number) => readonly string[] | undefined,
): Conversion {
  const args: string[] = []
  const encoders: string[] = []
  let at = 0
  for (const [index, stream] of streams.entries()) {
    if (stream.kind === 'video' || stream.kind === 'audio') {
      const coder = coding(stream, at)
      const tag = isHevcInMp4(coder?.[0] ?? stream.codec, container) ? [`-tag:${at}`, 'hvc1'] : []
      args.push('-map', `0:${index}`, `-c:${at}`, ...(coder ?? ['copy']), ...tag)
      if (coder?.[0] !== undefined) encoders.push(coder[0])
      at += 1
    } else {
      // One by one, so that its number among the inputs stays.
      const alone = streams.map((other) => (other === stream ? other : { ...other, kind: 'data' as const }))
      const carried = carry(alone, container, 0, at)
      args.push(...carried.args)
      at += carried.count
    }
  }
  return { args, encoders }
}

/** Pixel formats that are not known are taken for plain ones: nobody has looked. */
function isPlain(pixels: string | undefined, plain: readonly string[] | undefined): boolean {
  return pixels === undefined || plain === undefined || plain.length === 0 || plain.includes(pixels)
}

/** A filter when the picture has more lines than asked for; never makes one larger. */
function scaled({ height }: Shown, most: number | undefined): string | undefined {
  if (most === undefined || (height !== undefined && height <= most)) return undefined
  return `scale=-2:${Math.max(2, Math.floor(most / 2) * 2)}`
}

/** 4:2:0 halves the colours both ways, so sides are even. */
const evened = "scale='trunc(iw/2)*2':'trunc(ih/2)*2'"

function isHevcInMp4(coder: string, container: ContainerName): boolean {
  return (coder === 'hevc' || coder === 'libx265') && container === 'mp4'
}

/** Options for one stream of the output: `-b:a` becomes `-b:3`. */
function own(args: readonly string[], at: number): readonly string[] {
  return args.map((arg) => (/^-[a-z]/i.test(arg) ? `${arg.replace(/:[av]$/, '')}:${at}` : arg))
}

function withBitrate(args: readonly string[], bitrate: number | undefined): readonly string[] {
  if (bitrate === undefined || args.length === 0) return args
  const channels = args.includes('-ac') ? args.slice(args.indexOf('-ac'), args.indexOf('-ac') + 2) : []
  return ['-b:a', `${bitrate}k`, ...channels]
}

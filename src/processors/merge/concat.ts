import { checkWhole, concatInput } from '#kernel/ffmpeg/concat.ts'
import { carry, containerFor, containerOf, muxed, nameIn, type ContainerName } from '#kernel/ffmpeg/containers.ts'
import { encoderLike, requireEncoders } from '#kernel/ffmpeg/encoders.ts'
import { mediaInput } from '#kernel/ffmpeg/input.ts'
import { filmsOf, soundsOf } from '#kernel/ffmpeg/media.ts'
import { ffmpeg } from '#kernel/ffmpeg/work.ts'
import type { Place } from '#kernel/outputs.ts'
import type { Run } from '#pipeline/engine.ts'
import { cannotMerge, mustHold, shapeOf, type Merged, type Piece } from './pieces.ts'

export interface ConcatHow {
  readonly container: ContainerName | undefined
  readonly reencode: boolean
}

/** One file after the other, in the order in which they came; by copy when they are alike. */
export async function concatenate(
  pieces: readonly Piece[],
  { container, reencode }: ConcatHow,
  run: Run<unknown>,
  at: Place,
): Promise<Merged> {
  const [first, ...others] = pieces
  if (first === undefined) throw new RangeError('there are pieces')
  const seconds = pieces.reduce((sum, { known }) => sum + (known.durationSeconds ?? 0), 0) || undefined
  const odd = others.find((piece) => shapeOf(piece) !== shapeOf(first))
  if (odd === undefined) {
    const heard = [...filmsOf(first.known), ...soundsOf(first.known)]
    const into = container ?? containerOf(first.known)
    mustHold(into, heard)
    const path = at(`${first.asset.id}.joined.${into}`)
    const stretches = pieces.map(({ asset }) => ({ path: asset.path }))
    const input = await concatInput(stretches, `${first.asset.id}.list`, at)
    // Of the first only, and without its chapters: they would end where the second begins.
    const { args } = carry(kept(first), into)
    const written = await ffmpeg(run, [...input, ...args, '-map_chapters', '-1', ...muxed(into, path)], { seconds })
    checkWhole(
      written,
      pieces.map(({ known }) => known.durationSeconds),
    )
    return { path, name: nameIn(into, first.asset.name) }
  }
  if (!reencode) {
    const [a, b] = [`${first.asset.name} (${shapeOf(first)})`, `${odd.asset.name} (${shapeOf(odd)})`]
    throw cannotMerge(`${a} and ${b} are not alike; with "reencode" they are encoded anew`)
  }
  return await encodeTogether(pieces, { container, seconds }, run, at)
}

/** The concat demuxer numbers the streams of each file alike; covers and subtitles are seldom in all of them. */
function kept({ known }: Piece) {
  return known.streams.map((stream) =>
    stream.kind === 'video' || stream.kind === 'audio' ? stream : { ...stream, kind: 'data' as const },
  )
}

/** Everything in the size, the rate and the codecs of the first. */
async function encodeTogether(
  pieces: readonly Piece[],
  { container, seconds }: { container: ContainerName | undefined; seconds: number | undefined },
  run: Run<unknown>,
  at: Place,
): Promise<Merged> {
  const [first] = pieces
  if (first === undefined) throw new RangeError('there are pieces')
  const [film, sound] = [filmsOf(first.known)[0], soundsOf(first.known)[0]]
  const all = (of: typeof filmsOf) => pieces.every(({ known }) => of(known).length > 0)
  const none = (of: typeof filmsOf) => pieces.every(({ known }) => of(known).length === 0)
  for (const [of, what] of [
    [filmsOf, 'a picture'],
    [soundsOf, 'sound'],
  ] as const) {
    if (!all(of) && !none(of)) throw cannotMerge(`only some of the files have ${what}`)
  }
  const video = film && encoderLike(film.codec, 'video')
  const audio = sound && encoderLike(sound.codec, 'audio')
  await requireEncoders(
    run,
    [video, audio].flatMap((each) => (each ? [each.encoder] : [])),
  )

  const even = (side: number | undefined) => Math.max(2, Math.floor((side ?? 2) / 2) * 2)
  const [width, height] = [even(film?.width), even(film?.height)]
  const fitted = `scale=${width}:${height}:force_original_aspect_ratio=decrease:force_divisible_by=2`
  const rate = film?.framesPerSecond ?? 30
  const chains = pieces.flatMap((_, index) => [
    ...(film
      ? [`[${index}:V:0]${fitted},pad=${width}:${height}:-1:-1,setsar=1,fps=${rate},format=yuv420p[v${index}]`]
      : []),
    ...(sound
      ? [`[${index}:a:0]aresample=${sound.sampleRate ?? 48_000},aformat=channel_layouts=stereo[a${index}]`]
      : []),
  ])
  const pads = pieces.map((_, index) => `${film ? `[v${index}]` : ''}${sound ? `[a${index}]` : ''}`).join('')
  const outs = `${film ? '[v]' : ''}${sound ? '[a]' : ''}`
  const graph = `${chains.join(';')};${pads}concat=n=${pieces.length}:v=${film ? 1 : 0}:a=${sound ? 1 : 0}${outs}`
  const heard = [film, sound].flatMap((stream) => (stream ? [stream] : []))
  const into = container ?? containerFor(heard)
  mustHold(into, heard)
  const path = at(`${first.asset.id}.joined.${into}`)
  const coders = [
    ...(video ? ['-map', '[v]', '-c:v', video.encoder, ...video.args] : []),
    ...(audio ? ['-map', '[a]', '-c:a', audio.encoder, ...audio.args] : []),
  ]
  const inputs = pieces.flatMap(({ asset }) => mediaInput(asset.path, asset.type))
  const args = [...inputs, '-filter_complex', graph, ...coders, '-map_metadata', '0', '-map_chapters', '-1']
  await ffmpeg(run, [...args, ...muxed(into, path)], { seconds })
  return { path, name: nameIn(into, first.asset.name) }
}

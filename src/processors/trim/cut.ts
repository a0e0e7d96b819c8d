import { Fault } from '@jackdaw/contract/faults.ts'
import { checkWhole, concatInput } from '#kernel/ffmpeg/concat.ts'
import { carry, muxed, type ContainerName, type Stream } from '#kernel/ffmpeg/containers.ts'
import { encoderLike, requireEncoders } from '#kernel/ffmpeg/encoders.ts'
import { mediaInput } from '#kernel/ffmpeg/input.ts'
import { keyFramesBefore } from '#kernel/ffmpeg/key-frames.ts'
import { filmsOf, soundsOf, type Known } from '#kernel/ffmpeg/media.ts'
import { ffmpeg } from '#kernel/ffmpeg/work.ts'
import type { Place } from '#kernel/outputs.ts'
import type { LocalAsset, Run } from '#pipeline/engine.ts'
import { lengthOfRange, type Range } from './ranges.ts'

/** Which stretches of which file go into which container. */
export interface Cut {
  readonly asset: LocalAsset
  readonly known: Known
  readonly ranges: readonly Range[]
  readonly container: ContainerName
  readonly exact: boolean
  /** Seconds of earlier files. */
  readonly after: number
}

/** A file for each range. The file is opened once per range, which seeks; nothing between the ranges is read. */
export async function cutApart(cut: Cut, paths: readonly string[], run: Run<unknown>): Promise<void> {
  const { asset, known, ranges, container, exact, after } = cut
  if (exact) await requireEncoders(run, encodersFor(known))
  const inputs = ranges.flatMap((range) => [...seek(range), ...mediaInput(asset.path, asset.type)])
  const outputs = paths.flatMap((path, index) => {
    const { args } = carry(known.streams, container, index)
    const length = ranges[index] && lengthOfRange(ranges[index])
    return [
      ...(exact ? encoded(args, known.streams, index) : args),
      // Its own chapters, moved and cut as the range is.
      '-map_metadata',
      String(index),
      '-map_chapters',
      String(index),
      ...(length === undefined ? [] : ['-t', length.toFixed(6)]),
      // What comes before the range, from the key frame on, is shown; hidden by an edit list it would play in some players only.
      ...(exact ? [] : ['-avoid_negative_ts', 'make_zero']),
      ...muxed(container, path),
    ]
  })
  const seconds = Math.max(...ranges.map((range) => lengthOfRange(range) ?? 0)) || undefined
  mustHaveSome(await ffmpeg(run, [...inputs, ...outputs], { seconds, after }))
}

/** One file of all ranges: by copy through a list of stretches that begin at key frames, else through filters. */
export async function cutTogether(cut: Cut, path: string, run: Run<unknown>, at: Place): Promise<void> {
  const { asset, known, ranges, container, exact, after } = cut
  if (exact) return await filterTogether(cut, path, run)
  const moments = ranges.map(({ from }) => from)
  const starts = filmsOf(known).length > 0 ? await keyFramesBefore(asset, moments, run) : moments
  const stretches = ranges.map(({ to }, index) => ({
    path: asset.path,
    from: starts[index] ?? 0,
    ...(to !== undefined && { to }),
  }))
  const input = await concatInput(stretches, `${asset.id}.list`, at)
  const lengths = stretches.map(({ from, to }) => (to === undefined ? undefined : to - from))
  const seconds = lengths.reduce<number>((sum, length) => sum + (length ?? 0), 0) || undefined
  const { args } = carry(withoutRest(known), container)
  const output = [...args, '-map_chapters', '-1', ...muxed(container, path)]
  const written = await ffmpeg(run, [...input, ...output], { seconds, after })
  checkWhole(written, lengths)
}

async function filterTogether(
  { asset, known, ranges, container, after }: Cut,
  path: string,
  run: Run<unknown>,
): Promise<void> {
  await requireEncoders(run, encodersFor(known))
  const [films, sounds] = [filmsOf(known).slice(0, 1), soundsOf(known)]
  const inputs = ranges.flatMap((range) => [...seek(range), ...mediaInput(asset.path, asset.type)])
  const pads = ranges.flatMap((_, input) => [
    ...films.map(() => `[${input}:V:0]`),
    ...sounds.map((_, index) => `[${input}:a:${index}]`),
  ])
  const outs = [...films.map(() => '[v]'), ...sounds.map((_, index) => `[a${index}]`)]
  const graph = `${pads.join('')}concat=n=${ranges.length}:v=${films.length}:a=${sounds.length}${outs.join('')}`
  const coders = [...films, ...sounds].flatMap((stream, index) => ['-map', outs[index] ?? '', ...coder(stream, index)])
  const seconds = ranges.reduce((sum, range) => sum + (lengthOfRange(range) ?? 0), 0) || undefined
  const output = [...coders, '-map_metadata', '0', '-map_chapters', '-1', ...muxed(container, path)]
  mustHaveSome(await ffmpeg(run, [...inputs, '-filter_complex', graph, ...output], { seconds, after }))
}

function seek(range: Range): readonly string[] {
  const length = lengthOfRange(range)
  return [
    ...(range.from > 0 ? ['-ss', range.from.toFixed(6)] : []),
    ...(length === undefined ? [] : ['-t', length.toFixed(6)]),
  ]
}

function encodersFor(known: Known): readonly string[] {
  return [
    ...filmsOf(known).map(({ codec }) => encoderLike(codec, 'video').encoder),
    ...soundsOf(known).map(({ codec }) => encoderLike(codec, 'audio').encoder),
  ]
}

/** The same maps with encoders in place of copies of sound and picture: a copied sound would begin at the key frame. */
function encoded(args: readonly string[], streams: readonly Stream[], input: number): readonly string[] {
  const result: string[] = []
  let at = 0
  for (let index = 0; index < args.length; index += 2) {
    const [key = '', value = ''] = args.slice(index, index + 2)
    if (key === '-map') {
      result.push(key, value)
      continue
    }
    if (!key.startsWith('-c:')) continue
    const from = Number(result.at(-1)?.slice(`${input}:`.length))
    const stream = streams[from]
    const isHeard = stream?.kind === 'video' || stream?.kind === 'audio'
    result.push(...(isHeard ? coder(stream, at) : [key, value]))
    at += 1
  }
  return result
}

function coder({ kind, codec }: Stream, at: number): readonly string[] {
  const { encoder, args } = encoderLike(codec, kind === 'video' ? 'video' : 'audio')
  const tag = codec === 'hevc' ? [`-tag:${at}`, 'hvc1'] : []
  // `-b:a` and the like are of this stream only.
  return [
    `-c:${at}`,
    encoder,
    ...args.map((arg) => (arg.startsWith('-') ? `${arg.replace(/:[av]$/, '')}:${at}` : arg)),
    ...tag,
  ]
}

/** Subtitles of a stretch that is read through a list would stand at the wrong time. */
function withoutRest({ streams }: Known): readonly Stream[] {
  return streams.map((stream) =>
    stream.kind === 'video' || stream.kind === 'audio' ? stream : { ...stream, kind: 'data' as const },
  )
}

function mustHaveSome(written: number): void {
  if (written <= 0) throw new Fault('process.failed', { reason: 'there is nothing at these times' })
}

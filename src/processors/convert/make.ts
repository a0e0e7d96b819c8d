import { Fault } from '@jackdaw/contract/faults.ts'
import { containerOf, muxed, nameIn } from '#kernel/ffmpeg/containers.ts'
import { requireEncoders } from '#kernel/ffmpeg/encoders.ts'
import { mediaInput } from '#kernel/ffmpeg/input.ts'
import { filmsOf, soundsOf, type Known } from '#kernel/ffmpeg/media.ts'
import { pixelFormats } from '#kernel/ffmpeg/pixels.ts'
import { ffmpeg } from '#kernel/ffmpeg/work.ts'
import { safeName, splitName } from '#kernel/names.ts'
import type { Place } from '#kernel/outputs.ts'
import type { LocalAsset, Run } from '#pipeline/engine.ts'
import { planFilm, planSound, type Conversion, type Shown } from './film.ts'
import type { FilmPreset, PicturePreset, SoundPreset } from './presets.ts'
import type { ConvertOptions } from './options.ts'

/** One file and what is wanted of it. */
export interface Task {
  readonly asset: LocalAsset
  readonly known: Known
  readonly options: ConvertOptions
  /** Seconds of earlier files. */
  readonly after: number
  readonly run: Run<unknown>
  readonly at: Place
}

export async function makeFilm(preset: FilmPreset, task: Task): Promise<LocalAsset> {
  const { asset, known, options, run } = task
  // A song with a cover has no picture that moves.
  if (filmsOf(known).length === 0) return asset
  // Whether 8 bits are enough for it is asked only where the answer counts.
  const asks = preset.video.pixels !== undefined && preset.video.pixels.length > 0
  const formats = asks ? await pixelFormats(asset.path, asset.type, run) : []
  const streams: Shown[] = known.streams.map((stream, index) => ({ ...stream, pixels: formats[index] }))
  return await encode(preset.container, planFilm(streams, preset, options), task)
}

export async function makeSound(preset: SoundPreset, task: Task): Promise<LocalAsset> {
  const { asset, known, options } = task
  if (soundsOf(known).length === 0) throw new Fault('process.failed', { reason: `${asset.name} has no sound` })
  return await encode(preset.container, planSound(known.streams, preset, options), task)
}

async function encode(
  container: FilmPreset['container'],
  { args, encoders }: Conversion,
  { asset, known, after, run, at }: Task,
): Promise<LocalAsset> {
  if (encoders.length === 0 && containerOf(known) === container && args.length === copiesOf(known)) return asset
  if (encoders.length > 0) await requireEncoders(run, encoders)
  const path = at(`${asset.id}.convert.${container}`)
  const seconds = known.durationSeconds
  await ffmpeg(run, [...mediaInput(asset.path, asset.type), ...args, ...muxed(container, path)], { seconds, after })
  return await run.keep(path, { name: nameIn(container, asset.name) })
}

/** How many arguments there are when every stream is copied: a map and a codec each, and the tag of HEVC. */
function copiesOf({ streams }: Known): number {
  return streams.reduce((sum, { codec, kind }) => sum + (kind === 'video' && codec === 'hevc' ? 6 : 4), 0)
}

export async function makePicture(
  preset: PicturePreset,
  { asset, known, options, run, at }: Task,
): Promise<LocalAsset> {
  const { height, pictureQuality } = options
  const isTooTall = height !== undefined && (known.height ?? 0) > height
  if (asset.type === preset.type && !isTooTall) return asset
  await requireEncoders(run, [preset.encoder])
  const path = at(`${asset.id}.convert${preset.extension}`)
  const filters = [...(isTooTall ? [`scale=-1:${height}`] : []), `format=${preset.pixels}`].join(',')
  await ffmpeg(run, [
    ...mediaInput(asset.path, asset.type),
    '-map',
    '0:v:0',
    '-frames:v',
    '1',
    '-vf',
    filters,
    '-c:v',
    preset.encoder,
    ...preset.quality(pictureQuality),
    '-fflags',
    '+bitexact',
    '-f',
    preset.muxer,
    `file:${path}`,
  ])
  return await run.keep(path, { name: safeName(`${splitName(asset.name).stem}${preset.extension}`), type: preset.type })
}

/** Lines of a GIF when nobody says: a whole picture of a film would be hundreds of megabytes. */
const gifLines = 360

/** A GIF at 12 frames a second with one palette for all of it: two passes in one start. */
export async function makeAnimation({ asset, known, options, after, run, at }: Task): Promise<LocalAsset> {
  if (filmsOf(known).length === 0) throw new Fault('process.failed', { reason: `${asset.name} has no picture` })
  const lines = Math.min(options.height ?? gifLines, known.height ?? gifLines)
  const path = at(`${asset.id}.convert.gif`)
  const sized = `fps=12,scale=-1:${lines}:flags=lanczos,setsar=1`
  const graph = `[0:V:0]${sized},split[a][b];[a]palettegen=stats_mode=diff[p];[b][p]paletteuse=dither=bayer[v]`
  const args = [...mediaInput(asset.path, asset.type), '-filter_complex', graph, '-map', '[v]']
  const seconds = known.durationSeconds
  await ffmpeg(run, [...args, '-loop', '0', '-fflags', '+bitexact', '-f', 'gif', `file:${path}`], { seconds, after })
  return await run.keep(path, { name: safeName(`${splitName(asset.name).stem}.gif`), type: 'image/gif' })
}

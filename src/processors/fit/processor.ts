import { stat } from 'node:fs/promises'
import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import { ByteSize } from '@jackdaw/contract/nouns/options.ts'
import { muxed, nameIn, type ContainerName } from '#kernel/ffmpeg/containers.ts'
import { requireEncoders } from '#kernel/ffmpeg/encoders.ts'
import { mediaInput } from '#kernel/ffmpeg/input.ts'
import { filmsOf, isFilmOrSound, lengthOf, lookInto, soundsOf, type Known } from '#kernel/ffmpeg/media.ts'
import { ffmpeg } from '#kernel/ffmpeg/work.ts'
import { withOutputs, type Place } from '#kernel/outputs.ts'
import type { LocalAsset, Processor, Run } from '#pipeline/engine.ts'
import { budgetFor, less, soundBudget, type Budget } from './budget.ts'

export const FitOptions = z.object({
  bytes: ByteSize.default(2_097_152_000).describe('most bytes of each film or sound, such as 50MB'),
  otherwise: z
    .enum(['fail', 'keep'])
    .default('fail')
    .describe('when it would be too poor to watch: fail, or keep the file as it is'),
  speed: z.enum(['fastest', 'fast', 'medium', 'slow']).default('fast').describe('slower looks better at the same size'),
})
export type FitOptions = z.infer<typeof FitOptions>

/**
 * Encodes films and sounds that are larger than so many bytes until they are not, in at most three tries, with fewer lines
 * where the bits would not do. Smaller ones pass as they are. Faults: `process.failed` when the result would be too poor.
 */
export const fit: Processor<FitOptions, unknown> = {
  name: 'fit',
  title: 'Encoded to fit a size',
  tools: ['ffmpeg', 'ffprobe'],
  options: FitOptions,
  checkpoint: z.unknown(),
  accepts: isFilmOrSound,
  process: (assets, options, run) =>
    withOutputs(run, async (at) => {
      const made: LocalAsset[] = []
      for (const asset of assets) {
        run.signal.throwIfAborted()
        made.push(asset.bytes <= options.bytes ? asset : await shrink(asset, options, run, at))
      }
      return made
    }),
}

const mostTries = 3

async function shrink(asset: LocalAsset, options: FitOptions, run: Run<unknown>, at: Place): Promise<LocalAsset> {
  const known = await lookInto(asset, run)
  const seconds = lengthOf(known, asset.name)
  let budget = firstBudget(known, seconds, options.bytes)
  for (let tried = 0; budget !== undefined && tried < mostTries; tried += 1) {
    const { container, args, encoders } = coding(known, budget, options)
    if (tried === 0) await requireEncoders(run, encoders)
    const path = at(`${asset.id}.fit.${container}`)
    const all = [...mediaInput(asset.path, asset.type), ...args, ...muxed(container, path)]
    // Each try is all of the film once more, and the bar says so.
    await ffmpeg(run, all, { seconds, after: tried * seconds })
    const { size } = await stat(path)
    if (size <= options.bytes) return await run.keep(path, { name: nameIn(container, asset.name) })
    run.log({ asset: asset.id, bytes: size, limit: options.bytes, tried: tried + 1 }, 'still too large')
    budget = less(budget, size, options.bytes)
  }
  if (options.otherwise === 'keep') return asset
  const limit = `${Math.round(options.bytes / 1e4) / 100} MB`
  throw new Fault('process.failed', {
    reason: `${asset.name} would be too poor to watch or hear at ${limit}; split it instead`,
  })
}

function firstBudget(known: Known, seconds: number, bytes: number): Budget | undefined {
  const [film] = filmsOf(known)
  if (film === undefined) {
    const audio = soundBudget(bytes, seconds)
    return audio === undefined ? undefined : { video: audio, audio: 0, height: 0 }
  }
  return budgetFor(bytes, {
    seconds,
    width: film.width ?? 1920,
    height: film.height ?? 1080,
    framesPerSecond: film.framesPerSecond ?? 30,
    hasSound: soundsOf(known).length > 0,
  })
}

interface Coding {
  readonly container: ContainerName
  readonly args: readonly string[]
  readonly encoders: readonly string[]
}

const presets = { fastest: 'ultrafast', fast: 'veryfast', medium: 'medium', slow: 'slow' } as const

/** H.264 and AAC, which play everywhere; the first picture and the first sound. */
function coding(known: Known, { video, audio, height }: Budget, { speed }: FitOptions): Coding {
  const [film] = filmsOf(known)
  const [sound] = soundsOf(known)
  if (film === undefined) return soundCoding(sound?.codec, video + audio)
  const bits = ['-b:v', String(video), '-maxrate', String(Math.round(video * 1.3)), '-bufsize', String(video * 2)]
  const scale =
    (film.height ?? height) > height
      ? `scale=-2:${Math.floor(height / 2) * 2}`
      : "scale='trunc(iw/2)*2':'trunc(ih/2)*2'"
  const picture = ['-map', '0:V:0', '-c:v', 'libx264', '-preset', presets[speed], '-pix_fmt', 'yuv420p', '-vf', scale]
  const heard = sound ? ['-map', '0:a:0', '-c:a', 'aac', '-b:a', String(audio), '-ac', '2'] : []
  return { container: 'mp4', args: [...picture, ...bits, ...heard], encoders: sound ? ['libx264', 'aac'] : ['libx264'] }
}

const homes: Readonly<Record<string, readonly [ContainerName, string]>> = {
  mp3: ['mp3', 'libmp3lame'],
  opus: ['opus', 'libopus'],
}

/** In the family of the sound where that is a common one, else AAC. */
function soundCoding(codec: string | undefined, bits: number): Coding {
  const [container, encoder] = homes[codec ?? ''] ?? (['m4a', 'aac'] as const)
  return { container, args: ['-map', '0:a:0', '-c:a', encoder, '-b:a', String(bits)], encoders: [encoder] }
}

import { z } from 'zod'
import { isPicture, isReadable } from '#kernel/ffmpeg/input.ts'
import { lookInto } from '#kernel/ffmpeg/media.ts'
import { withOutputs } from '#kernel/outputs.ts'
import type { LocalAsset, Processor } from '#pipeline/engine.ts'
import { makeAnimation, makeFilm, makePicture, makeSound, type Task } from './make.ts'
import { ConvertOptions } from './options.ts'
import { presets, type Preset } from './presets.ts'

/**
 * Makes films, sounds and pictures of a preset. Streams that fit it already are copied; a file that fits altogether passes
 * as it is. Pictures pass presets of films and sounds, and the other way round. Faults: `process.unsupported` when this
 * ffmpeg lacks an encoder, `process.not-media`, `process.failed`.
 */
export const convert: Processor<ConvertOptions, unknown> = {
  name: 'convert',
  title: 'Another format, by preset',
  tools: ['ffmpeg', 'ffprobe'],
  options: ConvertOptions,
  checkpoint: z.unknown(),
  accepts: ({ type, role }) => role === undefined && isReadable(type),
  process: (assets, options, run) =>
    withOutputs(run, async (at) => {
      const preset: Preset = presets[options.preset]
      const made: LocalAsset[] = []
      let after = 0
      for (const asset of assets) {
        run.signal.throwIfAborted()
        if (!concerns(preset, asset)) {
          made.push(asset)
          continue
        }
        const known = await lookInto(asset, run)
        const task: Task = { asset, known, options, after, run, at }
        made.push(await make(preset, task))
        after += known.durationSeconds ?? 0
      }
      return made
    }),
}

function make(preset: Preset, task: Task): Promise<LocalAsset> {
  switch (preset.kind) {
    case 'film':
      return makeFilm(preset, task)
    case 'sound':
      return makeSound(preset, task)
    case 'picture':
      return makePicture(preset, task)
    case 'animation':
      return makeAnimation(task)
  }
}

/** A still picture is for presets of pictures; a GIF moves, and is for both. */
function concerns({ kind }: Preset, { type }: LocalAsset): boolean {
  return kind === 'picture' ? isPicture(type) : !isPicture(type) || (type === 'image/gif' && kind === 'film')
}

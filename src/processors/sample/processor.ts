import { z } from 'zod'
import { checkWhole, concatInput } from '#kernel/ffmpeg/concat.ts'
import { carry, containerOf, muxed, nameIn } from '#kernel/ffmpeg/containers.ts'
import { keyFramesBefore } from '#kernel/ffmpeg/key-frames.ts'
import { filmsOf, isFilmOrSound, lengthOf, lookInto, type Known } from '#kernel/ffmpeg/media.ts'
import { ffmpeg } from '#kernel/ffmpeg/work.ts'
import { withOutputs, type Place } from '#kernel/outputs.ts'
import type { LocalAsset, Processor, Run } from '#pipeline/engine.ts'
import { momentsOf, stretchesOf } from './moments.ts'

export const SampleOptions = z.object({
  totalSeconds: z.number().min(1).max(3600).default(60).describe('length of the sample'),
  partSeconds: z.number().min(0.5).max(600).default(4).describe('length of each part of it'),
})
export type SampleOptions = z.infer<typeof SampleOptions>

/**
 * Adds a short film of parts that are spread over the length of each film; the film passes on too. Parts are copied from
 * key frames. What is not longer than its sample would be, and what has no picture, gets none.
 */
export const sample: Processor<SampleOptions, unknown> = {
  name: 'sample',
  title: 'A short film of parts of a long one',
  tools: ['ffmpeg', 'ffprobe'],
  options: SampleOptions,
  checkpoint: z.unknown(),
  accepts: isFilmOrSound,
  process: (assets, options, run) =>
    withOutputs(run, async (at) => {
      const made: LocalAsset[] = []
      let after = 0
      for (const asset of assets) {
        run.signal.throwIfAborted()
        made.push(asset)
        const known = await lookInto(asset, run)
        if (filmsOf(known).length === 0 || lengthOf(known, asset.name) <= options.totalSeconds) continue
        made.push(await draw(asset, known, { ...options, after }, run, at))
        after += options.totalSeconds
      }
      return made
    }),
}

async function draw(
  asset: LocalAsset,
  known: Known,
  { totalSeconds, partSeconds, after }: SampleOptions & { readonly after: number },
  run: Run<unknown>,
  at: Place,
): Promise<LocalAsset> {
  const seconds = lengthOf(known, asset.name)
  const moments = momentsOf(seconds, totalSeconds, partSeconds)
  const parts = stretchesOf(await keyFramesBefore(asset, moments, run), partSeconds, seconds)
  const lengths = parts.map(({ from, to }) => to - from)
  const stretches = parts.map(({ from, to }) => ({ path: asset.path, from, to }))
  const input = await concatInput(stretches, `${asset.id}.parts`, at)
  const container = containerOf(known)
  const heard = known.streams.map((stream) =>
    stream.kind === 'video' || stream.kind === 'audio' ? stream : { ...stream, kind: 'data' as const },
  )
  const { args } = carry(heard, container)
  const path = at(`${asset.id}.sample.${container}`)
  const length = lengths.reduce((sum, each) => sum + each, 0)
  const output = [...args, '-map_chapters', '-1', ...muxed(container, path)]
  const written = await ffmpeg(run, [...input, ...output], { seconds: length, after })
  checkWhole(written, lengths)
  return await run.keep(path, { name: nameIn(container, asset.name, '.sample') })
}

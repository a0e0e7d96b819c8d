import { z } from 'zod'
import type { ContainerName } from '#kernel/ffmpeg/containers.ts'
import { isFilmOrSound, lookInto } from '#kernel/ffmpeg/media.ts'
import { withOutputs } from '#kernel/outputs.ts'
import type { LocalAsset, Processor } from '#pipeline/engine.ts'
import { concatenate } from './concat.ts'
import type { Piece } from './pieces.ts'
import { joinTracks } from './tracks.ts'

export const MergeOptions = z.object({
  mode: z
    .enum(['tracks', 'concat'])
    .default('tracks')
    .describe('tracks: picture and sounds become one file; concat: one file after the other'),
  container: z
    .enum(['auto', 'mp4', 'mkv', 'webm', 'mov', 'ts', 'm4a', 'mka'])
    .default('auto')
    .describe(
      'taken where the codecs fit; auto, and where they do not: mp4 where it plays everywhere, webm for vp9/av1 with opus, else mkv',
    ),
  reencode: z
    .boolean()
    .default(false)
    .describe('concat: encode anew where the files differ in codec or size; else that is a fault'),
})
export type MergeOptions = z.infer<typeof MergeOptions>

/**
 * Makes one file of several: picture and sounds that were fetched apart, or clips one after another. One file alone passes
 * as it is. Faults: `process.not-media`, `process.failed` when they do not go together.
 */
export const merge: Processor<MergeOptions, unknown> = {
  name: 'merge',
  title: 'One file of picture and sound, or of several clips',
  tools: ['ffmpeg', 'ffprobe'],
  options: MergeOptions,
  checkpoint: z.unknown(),
  accepts: isFilmOrSound,
  process: (assets, options, run) =>
    withOutputs(run, async (at): Promise<readonly LocalAsset[]> => {
      const pieces: Piece[] = []
      for (const asset of assets) {
        run.signal.throwIfAborted()
        pieces.push({ asset, known: await lookInto(asset, run) })
      }
      if (pieces.length < 2) return assets
      const asked: ContainerName | undefined = options.container === 'auto' ? undefined : options.container
      const made =
        options.mode === 'tracks'
          ? await joinTracks(pieces, asked, run, at)
          : await concatenate(pieces, { container: asked, reencode: options.reencode }, run, at)
      return [await run.keep(made.path, { name: made.name })]
    }),
}

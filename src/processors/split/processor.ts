import { z } from 'zod'
import { isFault } from '@jackdaw/contract/faults.ts'
import { ByteSize } from '@jackdaw/contract/nouns/options.ts'
import { isFilmOrSound } from '#kernel/ffmpeg/media.ts'
import { withOutputs, type Place } from '#kernel/outputs.ts'
import type { LocalAsset, Processor, Run } from '#pipeline/engine.ts'
import { splitByBytes } from './bytes.ts'
import { splitByTime } from './time.ts'

export const SplitOptions = z.object({
  // 2000 MiB, in which messengers and mail count: Telegram takes 2,097,152,000 bytes.
  bytes: ByteSize.default(2_097_152_000).describe('most bytes of each part, such as 500MB; smaller files stay whole'),
  parts: z.number().int().min(2).max(1000).optional().describe('so many parts of equal size, whatever the size is'),
  films: z
    .enum(['time', 'bytes'])
    .default('time')
    .describe('films and sounds by time, so that each part plays, or by bytes like every other file'),
})
export type SplitOptions = z.infer<typeof SplitOptions>

/**
 * Cuts files that are too large into parts: films and sounds at key frames into files that play each, everything else into
 * `.001`, `.002` and so on, which the processor join (or `cat`) puts together. Where ffmpeg is missing, or a part between two key frames is
 * too large already, films are cut by bytes too.
 */
export const split: Processor<SplitOptions, unknown> = {
  name: 'split',
  title: 'Parts of a size that the destination takes',
  // Only films need ffmpeg, and they can do without.
  tools: [],
  options: SplitOptions,
  checkpoint: z.unknown(),
  accepts: () => true,
  process: (assets, options, run) =>
    withOutputs(run, async (at) => {
      const made: LocalAsset[] = []
      for (const asset of assets) {
        run.signal.throwIfAborted()
        const isWhole = options.parts === undefined ? asset.bytes <= options.bytes : asset.bytes < options.parts
        if (isWhole) made.push(asset)
        else made.push(...(await cut(asset, options, run, at)))
      }
      return made
    }),
}

async function cut(
  asset: LocalAsset,
  options: SplitOptions,
  run: Run<unknown>,
  at: Place,
): Promise<readonly LocalAsset[]> {
  const { parts } = options
  const bytes = parts === undefined ? options.bytes : Math.ceil(asset.bytes / parts)
  if (options.films === 'time' && isFilmOrSound(asset)) {
    try {
      const made = await splitByTime(asset, { bytes, parts }, run, at)
      if (made !== undefined) return made
      run.log({ asset: asset.id }, 'parts that play would be too large; it is cut by bytes')
    } catch (thrown) {
      const isNoFilm = isFault(thrown, 'process.not-media') || isFault(thrown, 'house.missing-tool')
      if (!isNoFilm) throw thrown
    }
  }
  return await splitByBytes(asset, bytes, run, at)
}

import { z } from 'zod'
import { isFilmOrSound, lookInto } from '#kernel/ffmpeg/media.ts'
import { isPicture } from '#kernel/ffmpeg/input.ts'
import { withOutputs } from '#kernel/outputs.ts'
import type { LocalAsset, Processor } from '#pipeline/engine.ts'
import { MetadataOptions } from './options.ts'
import { holdsCover, inscribe } from './inscribe.ts'
import { tagsOf } from './tags.ts'

/**
 * Writes tags, chapters and the cover into films and sounds, or removes all of them, without encoding anything. A cover that
 * went into a file is not passed on; one that no container could have is. Faults: `process.not-media`, `process.failed`.
 */
export const metadata: Processor<MetadataOptions, unknown> = {
  name: 'metadata',
  title: 'Tags, chapters and cover, written or removed',
  tools: ['ffmpeg', 'ffprobe'],
  options: MetadataOptions,
  checkpoint: z.unknown(),
  accepts: (asset) => isFilmOrSound(asset) || (asset.role === 'cover' && isPicture(asset.type)),
  process: (assets, options, run) =>
    withOutputs(run, async (at) => {
      const cover = options.cover ? assets.find(({ role }) => role === 'cover') : undefined
      const isNothing = tagsOf(options).length === 0 && options.chapters === undefined && !options.strip
      const made: LocalAsset[] = []
      let isUsed = false
      let after = 0
      for (const asset of assets) {
        run.signal.throwIfAborted()
        if (asset.role !== undefined || (isNothing && cover === undefined)) continue
        const known = await lookInto(asset, run)
        const own = cover !== undefined && holdsCover(known) ? cover : undefined
        if (own !== undefined) isUsed = true
        made.push(
          isNothing && own === undefined
            ? asset
            : await inscribe({ asset, known, options, cover: own, after }, run, at),
        )
        after += known.durationSeconds ?? 0
      }
      if (made.length === 0) return assets
      return [...made, ...assets.filter((asset) => asset.role !== undefined && !(isUsed && asset === cover))]
    }),
}

import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import { carry, containerOf, misfits, muxed, nameIn } from '#kernel/ffmpeg/containers.ts'
import { mediaInput } from '#kernel/ffmpeg/input.ts'
import { filmsOf, isFilmOrSound, lookInto, soundsOf } from '#kernel/ffmpeg/media.ts'
import { ffmpeg } from '#kernel/ffmpeg/work.ts'
import { withOutputs } from '#kernel/outputs.ts'
import type { Processor } from '#pipeline/engine.ts'

export const RemuxOptions = z.object({
  container: z
    .enum(['mp4', 'mkv', 'webm', 'mov', 'ts'])
    .default('mp4')
    .describe('container into which sound and picture are copied as they are'),
})
export type RemuxOptions = z.infer<typeof RemuxOptions>

/**
 * Puts films into another container without encoding anything. A file that is in it already, or that has no picture,
 * passes as it is. Faults: `process.failed` when the container cannot have one of the codecs.
 */
export const remux: Processor<RemuxOptions, unknown> = {
  name: 'remux',
  title: 'Another container, nothing encoded anew',
  tools: ['ffmpeg', 'ffprobe'],
  options: RemuxOptions,
  checkpoint: z.unknown(),
  accepts: isFilmOrSound,
  process: (assets, { container }, run) =>
    withOutputs(run, async (at) => {
      const results = []
      let after = 0
      for (const asset of assets) {
        run.signal.throwIfAborted()
        const known = await lookInto(asset, run)
        if (filmsOf(known).length === 0 || containerOf(known) === container) {
          results.push(asset)
          continue
        }
        const unfit = misfits(container, [...filmsOf(known), ...soundsOf(known)])
        if (unfit.length > 0) throw doesNotFit(container, unfit)
        const { args, left } = carry(known.streams, container)
        if (left.length > 0) run.log({ asset: asset.id, left: left.length }, 'streams stay behind')
        const path = at(`${asset.id}.${container}`)
        const input = mediaInput(asset.path, asset.type)
        const seconds = known.durationSeconds
        await ffmpeg(run, [...input, ...args, ...muxed(container, path)], { seconds, after })
        after += seconds ?? 0
        results.push(await run.keep(path, { name: nameIn(container, asset.name) }))
      }
      return results
    }),
}

function doesNotFit(container: string, unfit: readonly { readonly codec: string }[]): Fault {
  const codecs = [...new Set(unfit.map(({ codec }) => codec))].join(', ')
  return new Fault('process.failed', {
    reason: `${container} cannot hold ${codecs} as it is; take mkv, or convert it`,
  })
}

import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import { isReadable } from '#kernel/ffmpeg/input.ts'
import { probeFile } from '#kernel/ffmpeg/probe.ts'
import type { Processor } from '#pipeline/engine.ts'

export const ProbeOptions = z.object({
  strict: z.boolean().default(false).describe('fail when a file is not audio, video or a picture'),
})
export type ProbeOptions = z.infer<typeof ProbeOptions>

/**
 * Notes the media facts of each asset by ffprobe and passes all assets on. A file that is not media stays without; one whose
 * streams are known is not read again, as its bytes never change.
 */
export const probe: Processor<ProbeOptions, unknown> = {
  name: 'probe',
  title: 'Container, streams, duration and tags of media files',
  tools: ['ffprobe'],
  options: ProbeOptions,
  checkpoint: z.unknown(),
  accepts: (asset) => isReadable(asset.type),
  async process(assets, options, run) {
    for (const [index, asset] of assets.entries()) {
      run.signal.throwIfAborted()
      const isKnown = asset.facts?.streams !== undefined
      const facts = !isKnown && isReadable(asset.type) ? await probeFile(asset.path, asset.type, run) : undefined
      if (isKnown) run.log({ asset: asset.id }, 'file is known')
      else if (facts !== undefined) run.note(asset, facts)
      else if (options.strict) throw new Fault('process.not-media', { name: asset.name })
      else run.log({ asset: asset.id }, 'file is not media')
      run.report({ unit: 'items', done: index + 1, of: assets.length })
    }
    return assets
  },
}

import { access } from 'node:fs/promises'
import { z } from 'zod'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import type { MediaFacts } from '@jackdaw/contract/nouns/asset.ts'
import { isReadable, mediaInput, quiet } from '#kernel/ffmpeg.ts'
import type { LocalAsset, Processor, Run } from '#pipeline/engine.ts'
import { factsOf } from './facts.ts'

export const ProbeOptions = z.object({
  strict: z.boolean().default(false).describe('fail when a file is not audio, video or a picture'),
})
export type ProbeOptions = z.infer<typeof ProbeOptions>

/** Notes the media facts of each asset by ffprobe and passes all assets on. A file that is not media stays without. */
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
      const facts = isReadable(asset.type) ? await look(asset, run) : undefined
      if (facts !== undefined) run.note(asset, facts)
      else if (options.strict) throw new Fault('process.not-media', { name: asset.name })
      run.report({ unit: 'items', done: index + 1, of: assets.length })
    }
    return assets
  },
}

async function look(asset: LocalAsset, run: Run<unknown>): Promise<MediaFacts | undefined> {
  // ffprobe fails alike for a file that is gone and for one that is not media.
  await access(asset.path)
  const child = await run.spawn('ffprobe', [
    ...quiet,
    '-of',
    'json',
    '-show_format',
    '-show_streams',
    ...mediaInput(asset.path, asset.type),
  ])
  try {
    return factsOf(JSON.parse(await child.text()), asset.type)
  } catch (thrown) {
    // It ran and could make nothing of the file; a missing program or an abort is something else.
    run.signal.throwIfAborted()
    if (!isFault(thrown, 'house.tool-failed')) throw thrown
    run.log({ asset: asset.id, reason: thrown.facts['reason'] }, 'file is not media')
    return undefined
  }
}

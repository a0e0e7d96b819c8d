import { z } from 'zod'
import { Clip } from '@jackdaw/contract/nouns/options.ts'
import { containerOf, nameIn, type ContainerName } from '#kernel/ffmpeg/containers.ts'
import { filmsOf, isFilmOrSound, lookInto, type Known } from '#kernel/ffmpeg/media.ts'
import { withOutputs, type Place } from '#kernel/outputs.ts'
import type { LocalAsset, Processor, Run } from '#pipeline/engine.ts'
import { cutApart, cutTogether, type Cut } from './cut.ts'
import { labelOf, rangesWithin } from './ranges.ts'

export const TrimOptions = z.object({
  ranges: z.array(Clip).min(1).max(100).describe('stretches to keep, as { from, to }; without "to" until the end'),
  join: z.boolean().default(false).describe('one file of all stretches instead of a file each'),
  exact: z
    .boolean()
    .default(false)
    .describe('cut at the very frame, which encodes anew; else at the key frame at or before'),
  label: z
    .boolean()
    .default(true)
    .describe('write the stretch into the name; false: only where there are several files'),
})
export type TrimOptions = z.infer<typeof TrimOptions>

/**
 * Keeps stretches of films and sounds: by copy from the key frame at or before, or exactly, which encodes in the same
 * family of codecs. ffmpeg is started once per file. Faults: `process.failed` when a stretch begins after the end.
 */
export const trim: Processor<TrimOptions, unknown> = {
  name: 'trim',
  title: 'Clips: stretches of a film or sound',
  tools: ['ffmpeg', 'ffprobe'],
  options: TrimOptions,
  checkpoint: z.unknown(),
  accepts: isFilmOrSound,
  process: (assets, options, run) =>
    withOutputs(run, async (at) => {
      const made: LocalAsset[] = []
      let after = 0
      for (const asset of assets) {
        run.signal.throwIfAborted()
        const known = await lookInto(asset, run)
        const ranges = rangesWithin(options.ranges, known.durationSeconds, asset.name)
        const container = containerOf(known)
        const cut = { asset, known, ranges, container, exact: options.exact || mustEncode(known), after }
        const one = options.join && ranges.length > 1
        made.push(...(await (one ? together(cut, options.label, run, at) : apart(cut, options.label, run, at))))
        after += ranges.reduce((sum, { from, to }) => sum + (to === undefined ? 0 : to - from), 0)
      }
      return made
    }),
}

/** The header of a FLAC says how long it is and what it sums up to, and a copy keeps that; encoding it loses nothing. */
function mustEncode(known: Known): boolean {
  return filmsOf(known).length === 0 && known.streams.some(({ codec }) => codec === 'flac')
}

async function apart(cut: Cut, label: boolean, run: Run<unknown>, at: Place): Promise<readonly LocalAsset[]> {
  const paths = cut.ranges.map((_, index) => at(fileName(cut, String(index))))
  await cutApart(cut, paths, run)
  const made: LocalAsset[] = []
  for (const [index, path] of paths.entries()) {
    const [range] = cut.ranges.slice(index)
    const isLabelled = range !== undefined && (label || paths.length > 1)
    const name = nameIn(cut.container, cut.asset.name, isLabelled ? labelOf(range) : '')
    made.push(await run.keep(path, { name }))
  }
  return made
}

async function together(cut: Cut, label: boolean, run: Run<unknown>, at: Place): Promise<readonly LocalAsset[]> {
  const path = at(fileName(cut, 'all'))
  await cutTogether(cut, path, run, at)
  const more = label ? ` (${cut.ranges.length} clips)` : ''
  return [await run.keep(path, { name: nameIn(cut.container, cut.asset.name, more) })]
}

function fileName({ asset, container }: { asset: LocalAsset; container: ContainerName }, which: string): string {
  return `${asset.id}.${which}.${container}`
}

import { stat } from 'node:fs/promises'
import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import { frameInputs, spread, squarePixels } from '#kernel/ffmpeg/frames.ts'
import { filmsOf, isFilmOrSound, lengthOf, lookInto } from '#kernel/ffmpeg/media.ts'
import { ffmpeg } from '#kernel/ffmpeg/work.ts'
import { safeName, splitName } from '#kernel/names.ts'
import { withOutputs, type Place } from '#kernel/outputs.ts'
import type { LocalAsset, Processor, Run } from '#pipeline/engine.ts'

export const ScreenshotsOptions = z.object({
  count: z.number().int().min(1).max(60).default(10).describe('how many, equally spaced over the film'),
  mostHeight: z.number().int().min(16).max(4320).default(1080).describe('most lines of each; never made larger'),
})
export type ScreenshotsOptions = z.infer<typeof ScreenshotsOptions>

/** Adds JPEGs of moments of each film, which passes on too; one start of ffmpeg per film. Songs get none. */
export const screenshots: Processor<ScreenshotsOptions, unknown> = {
  name: 'screenshots',
  title: 'Pictures of equally spaced moments',
  tools: ['ffmpeg', 'ffprobe'],
  options: ScreenshotsOptions,
  checkpoint: z.unknown(),
  accepts: isFilmOrSound,
  process: (assets, options, run) =>
    withOutputs(run, async (at) => {
      const made: LocalAsset[] = []
      for (const asset of assets) {
        run.signal.throwIfAborted()
        const known = await lookInto(asset, run)
        made.push(asset)
        if (filmsOf(known).length > 0) made.push(...(await shoot(asset, lengthOf(known, asset.name), options, run, at)))
      }
      return made
    }),
}

async function shoot(
  asset: LocalAsset,
  seconds: number,
  { count, mostHeight }: ScreenshotsOptions,
  run: Run<unknown>,
  at: Place,
): Promise<readonly LocalAsset[]> {
  const moments = spread(seconds, count)
  const paths = moments.map((_, index) => at(`${asset.id}.${index}.jpg`))
  // A key frame before the moment has a time before zero, and would be dropped for it.
  const filter = `setpts=0,${squarePixels},scale=-2:'min(ih,${mostHeight})',format=yuvj420p`
  const one = [
    '-frames:v',
    '1',
    '-vf',
    filter,
    '-map_metadata',
    '-1',
    '-q:v',
    '3',
    '-fflags',
    '+bitexact',
    '-f',
    'mjpeg',
  ]
  const outputs = paths.flatMap((path, index) => ['-map', `${index}:V:0`, ...one, `file:${path}`])
  await ffmpeg(run, [...frameInputs(asset, moments), ...outputs])
  const made: LocalAsset[] = []
  for (const [index, path] of paths.entries()) {
    // A picture may end before its sound does: ffmpeg writes an empty file for a moment without a frame.
    if ((await stat(path)).size === 0) continue
    const number = String(index + 1).padStart(2, '0')
    const name = safeName(`${splitName(asset.name).stem}.${number}.jpg`)
    made.push(await run.keep(path, { name, type: 'image/jpeg' }))
    run.report({ unit: 'items', done: index + 1, of: count })
  }
  if (made.length === 0)
    throw new Fault('process.failed', { reason: `${asset.name} shows nothing that can be decoded` })
  return made
}

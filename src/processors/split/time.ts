import { rm, stat } from 'node:fs/promises'
import { carry, containerOf, containers, nameIn, type Container } from '#kernel/ffmpeg/containers.ts'
import { mediaInput } from '#kernel/ffmpeg/input.ts'
import { lookInto } from '#kernel/ffmpeg/media.ts'
import { ffmpeg } from '#kernel/ffmpeg/work.ts'
import type { Place } from '#kernel/outputs.ts'
import type { LocalAsset, Run } from '#pipeline/engine.ts'
import { cutsByBytes, firstCuts } from './cuts.ts'

/** Each writes the whole file once; what is not right by then has key frames too far apart. */
const mostTries = 4

/**
 * Parts that play, cut by copy at the first key frame after each cut. Sizes are seen afterwards and the cuts moved, until no
 * part is too large; undefined when that does not come about, or nobody knows how long the file is.
 */
export async function splitByTime(
  asset: LocalAsset,
  { bytes, parts }: { readonly bytes: number; readonly parts: number | undefined },
  run: Run<unknown>,
  at: Place,
): Promise<readonly LocalAsset[] | undefined> {
  const known = await lookInto(asset, run)
  const seconds = known.durationSeconds
  if (seconds === undefined) return undefined
  const name = containerOf(known)
  const container: Container = containers[name]
  const { args } = carry(known.streams, name)
  let cuts = firstCuts(seconds, parts ?? Math.ceil((asset.bytes / bytes) * 1.03))
  for (let tried = 0; tried < mostTries; tried += 1) {
    const paths = Array.from({ length: cuts.length + 1 }, (_, index) => at(`${asset.id}.part${index}.${name}`))
    const pattern = (paths[0] ?? '').replaceAll('%', '%%').replace(/part0(\.\w+)$/, 'part%d$1')
    await Promise.all(paths.map((path) => rm(path, { force: true })))
    const flags =
      (container.flags ?? []).length > 0 && name !== 'mp3' ? ['-segment_format_options', 'movflags=+faststart'] : []
    const segments = ['-f', 'segment', '-segment_times', cuts.map((cut) => cut.toFixed(3)).join(',')]
    const how = ['-segment_format', container.muxer, ...flags, '-reset_timestamps', '1', '-fflags', '+bitexact']
    await ffmpeg(
      run,
      // Chapters count from the beginning of the whole.
      [...mediaInput(asset.path, asset.type), ...args, '-map_chapters', '-1', ...segments, ...how, `file:${pattern}`],
      { seconds, after: tried * seconds },
    )
    const sizes = await Promise.all(paths.map(sizeOf))
    const isEnough = parts !== undefined || sizes.every((size) => size <= bytes)
    if (isEnough)
      return await keepAll(
        asset,
        paths.filter((_, index) => (sizes[index] ?? 0) > 0),
        name,
        run,
      )
    await Promise.all(paths.map((path) => rm(path, { force: true })))
    cuts = cutsByBytes(cuts, sizes, { seconds, bytes, tried: tried + 1 })
  }
  return undefined
}

async function keepAll(
  asset: LocalAsset,
  paths: readonly string[],
  container: Parameters<typeof nameIn>[0],
  run: Run<unknown>,
): Promise<readonly LocalAsset[]> {
  const made: LocalAsset[] = []
  for (const [index, path] of paths.entries()) {
    const name = nameIn(container, asset.name, ` (${index + 1} of ${paths.length})`)
    made.push(await run.keep(path, { name }))
  }
  return made
}

/** Nothing, for a part that was not written: the film has fewer key frames than cuts. */
async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

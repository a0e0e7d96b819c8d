import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Asset } from '@jackdaw/contract/nouns/asset.ts'
import { isPicture, isReadable, mediaInput, quiet } from '#kernel/ffmpeg/input.ts'
import { safeName, splitName } from '#kernel/names.ts'
import type { LocalAsset, Processor, Run } from '#pipeline/engine.ts'

export const ThumbnailOptions = z.object({
  pixels: z.number().int().min(16).max(4096).default(480).describe('longest side'),
  atSeconds: z.number().nonnegative().optional().describe('which moment of a video; a tenth of it when absent'),
})
export type ThumbnailOptions = z.infer<typeof ThumbnailOptions>

/**
 * Notes one JPEG that stands for each asset: the cover that came with it, a frame of a video, the cover inside a song, a
 * smaller picture. Passes all assets
 * on; the thumbnail is not one of them. What cannot be shown stays without.
 */
export const thumbnail: Processor<ThumbnailOptions, unknown> = {
  name: 'thumbnail',
  title: 'A small picture of each media file',
  tools: ['ffmpeg'],
  options: ThumbnailOptions,
  checkpoint: z.unknown(),
  accepts: (asset) => isReadable(asset.type),
  async process(assets, options, run) {
    const cover = assets.find(({ role }) => role === 'cover')
    for (const [index, asset] of assets.entries()) {
      run.signal.throwIfAborted()
      const path = await pictureOf(asset, cover, options, run)
      if (path !== undefined) {
        const name = safeName(`${splitName(asset.name).stem}.thumb.jpg`)
        run.note(asset, {}, { thumbnail: await run.keep(path, { name, type: 'image/jpeg' }) })
      }
      run.report({ unit: 'items', done: index + 1, of: assets.length })
    }
    return assets
  },
}

/** The cover that came with it stands for a film or song; what comes beside the media has no picture of its own. */
async function pictureOf(
  asset: LocalAsset,
  cover: LocalAsset | undefined,
  options: ThumbnailOptions,
  run: Run<unknown>,
): Promise<string | undefined> {
  if (asset.role !== undefined || !isReadable(asset.type)) return undefined
  // A moment that was asked for is not on the cover.
  if (cover !== undefined && options.atSeconds === undefined && !isPicture(asset.type)) {
    const drawn = await draw(cover, options, run)
    if (drawn !== undefined) return drawn
  }
  return mayShow(asset) ? await draw(asset, options, run) : undefined
}

/** The second to take when nobody knows how long a video is: past most black beginnings. */
const usualSecond = 3

/** Whether a try is worth a process: a song that was probed and has no cover has nothing to show. */
function mayShow(asset: Asset): boolean {
  const streams = asset.facts?.streams
  return streams === undefined || streams.some(({ kind }) => kind === 'video' || kind === 'attachment')
}

async function draw(asset: LocalAsset, options: ThumbnailOptions, run: Run<unknown>): Promise<string | undefined> {
  const to = join(run.dir, `${asset.id}.thumb.jpg`)
  // `V` leaves covers out, so that a film shows itself rather than its poster; a song has nothing but its cover.
  const timed = asset.type.startsWith('video/')
  const tries = timed ? [momentOf(asset, options), 0] : [0]
  for (const seconds of tries) {
    if (await shoot(asset, to, { seconds, pixels: options.pixels, stream: timed ? '0:V:0' : '0:v:0' }, run)) return to
  }
  return undefined
}

function momentOf(asset: Asset, options: ThumbnailOptions): number {
  if (options.atSeconds !== undefined) return options.atSeconds
  const length = asset.facts?.durationSeconds
  return length === undefined ? usualSecond : length / 10
}

interface Shot {
  readonly seconds: number
  readonly pixels: number
  readonly stream: string
}

/** One frame as a JPEG; `false` if there is none at that moment, or none that can be decoded. */
async function shoot(asset: LocalAsset, to: string, shot: Shot, run: Run<unknown>): Promise<boolean> {
  await rm(to, { force: true })
  // Seeking in the input goes straight to the key frame before: 74 ms where decoding up to the moment takes seconds.
  const seek = shot.seconds > 0 ? ['-noaccurate_seek', '-ss', shot.seconds.toFixed(3)] : []
  const child = await run.spawn('ffmpeg', [
    '-nostdin',
    ...quiet,
    '-y',
    ...seek,
    ...mediaInput(asset.path, asset.type),
    '-map',
    shot.stream,
    '-frames:v',
    '1',
    '-vf',
    fitted(shot.pixels),
    // Where and by whom a picture was taken is nobody's business in its thumbnail.
    '-map_metadata',
    '-1',
    '-q:v',
    '4',
    '-f',
    'mjpeg',
    `file:${to}`,
  ])
  try {
    await child.done
  } catch (thrown) {
    run.signal.throwIfAborted()
    if (!isFault(thrown, 'house.tool-failed')) throw thrown
    run.log({ asset: asset.id, picture: isPicture(asset.type), reason: thrown.facts['reason'] }, 'no thumbnail')
    return false
  }
  // ffmpeg ends well, and writes nothing, when the moment is past the end.
  return ((await stat(to).catch(() => undefined))?.size ?? 0) > 0
}

/** Never larger than it is, square pixels, even sides of at least two (JPEG halves its colours). */
function fitted(pixels: number): string {
  const factor = `min(1,${pixels}/max(iw*sar,ih))`
  const even = (side: string) => `'max(2,trunc(${side}*${factor}/2)*2)'`
  return `scale=w=${even('iw*sar')}:h=${even('ih')},setsar=1,format=yuvj420p`
}

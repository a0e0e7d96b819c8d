import { writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { mediaInput } from '#kernel/ffmpeg/input.ts'
import { filmsOf, isFilmOrSound, lengthOf, lookInto, type Known } from '#kernel/ffmpeg/media.ts'
import { ffmpeg } from '#kernel/ffmpeg/work.ts'
import { safeName, splitName } from '#kernel/names.ts'
import { withOutputs } from '#kernel/outputs.ts'
import type { LocalAsset, Processor } from '#pipeline/engine.ts'
import { layOut, mapOf, type Layout } from './layout.ts'

export const SpriteOptions = z.object({
  everySeconds: z
    .number()
    .min(0.5)
    .max(3600)
    .optional()
    .describe('one picture for so many seconds; a hundredth of the film, at least 1 second, when absent'),
  cellWidth: z.number().int().min(32).max(640).default(160).describe('width of each picture in pixels'),
})
export type SpriteOptions = z.infer<typeof SpriteOptions>

/**
 * Adds a strip of small pictures and its WebVTT map to each film, for players that show what is under the cursor. Only key
 * frames are decoded: a second of work where all frames would take many. The film passes on too.
 */
export const sprite: Processor<SpriteOptions, unknown> = {
  name: 'sprite',
  title: 'Preview pictures for the seek bar, with a WebVTT map',
  tools: ['ffmpeg', 'ffprobe'],
  options: SpriteOptions,
  checkpoint: z.unknown(),
  accepts: isFilmOrSound,
  process: (assets, options, run) =>
    withOutputs(run, async (at) => {
      const made: LocalAsset[] = []
      let after = 0
      for (const asset of assets) {
        run.signal.throwIfAborted()
        made.push(asset)
        const known = await lookInto(asset, run)
        if (filmsOf(known).length === 0) continue
        const seconds = lengthOf(known, asset.name)
        const layout = layOut({ ...options, seconds, ...sizeOf(known) })
        const { stem } = splitName(asset.name)
        const [picture, map] = [at(`${asset.id}.sprite.jpg`), at(`${asset.id}.sprite.vtt`)]
        const name = safeName(`${stem}.sprite.jpg`)
        await ffmpeg(run, drawn(asset, layout, picture), { seconds, after })
        await writeFile(map, mapOf(layout, name))
        made.push(await run.keep(picture, { name, type: 'image/jpeg' }))
        made.push(await run.keep(map, { name: safeName(`${stem}.sprite.vtt`), type: 'text/vtt' }))
        after += seconds
      }
      return made
    }),
}

function drawn({ path, type }: LocalAsset, layout: Layout, to: string): readonly string[] {
  const { everySeconds, width, height, columns, rows } = layout
  const fitted = `scale=${width}:${height}:force_original_aspect_ratio=decrease,pad=${width}:${height}:-1:-1`
  const filters = [
    // The last key frame stands for the rest of the film.
    'tpad=stop_mode=clone:stop=-1',
    `fps=1/${everySeconds}:start_time=0`,
    "scale='max(2,trunc(iw*sar/2)*2)':ih,setsar=1",
    fitted,
    `tile=${columns}x${rows}`,
    'format=yuvj420p',
  ]
  const input = ['-skip_frame', 'nokey', ...mediaInput(path, type), '-map', '0:V:0', '-vf', filters.join(',')]
  return [
    ...input,
    '-frames:v',
    '1',
    '-map_metadata',
    '-1',
    '-q:v',
    '5',
    '-fflags',
    '+bitexact',
    '-f',
    'mjpeg',
    `file:${to}`,
  ]
}

function sizeOf(known: Known): { readonly filmWidth: number; readonly filmHeight: number } {
  return { filmWidth: known.width ?? 16, filmHeight: known.height ?? 9 }
}

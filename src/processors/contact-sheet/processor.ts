import { access } from 'node:fs/promises'
import { z } from 'zod'
import { isFault } from '@jackdaw/contract/faults.ts'
import { clockOf, frameInputs, spread } from '#kernel/ffmpeg/frames.ts'
import { filmsOf, isFilmOrSound, lengthOf, lookInto } from '#kernel/ffmpeg/media.ts'
import { ffmpeg } from '#kernel/ffmpeg/work.ts'
import { safeName, splitName } from '#kernel/names.ts'
import { withOutputs } from '#kernel/outputs.ts'
import type { LocalAsset, Processor, Run } from '#pipeline/engine.ts'

export const ContactSheetOptions = z.object({
  columns: z.number().int().min(1).max(10).default(4).describe('pictures side by side'),
  rows: z.number().int().min(1).max(10).default(4).describe('pictures one below the other'),
  cellWidth: z.number().int().min(32).max(1280).default(320).describe('width of each picture in pixels'),
  times: z.boolean().default(true).describe('write the time into each picture, where this machine has a font'),
})
export type ContactSheetOptions = z.infer<typeof ContactSheetOptions>

/** Adds one JPEG with a grid of moments to each film, which passes on too; one start of ffmpeg per film. */
export const contactSheet: Processor<ContactSheetOptions, unknown> = {
  name: 'contact-sheet',
  title: 'One picture with a grid of moments',
  tools: ['ffmpeg', 'ffprobe'],
  options: ContactSheetOptions,
  checkpoint: z.unknown(),
  accepts: isFilmOrSound,
  process: (assets, options, run) =>
    withOutputs(run, async (at) => {
      const made: LocalAsset[] = []
      const font = options.times ? await findFont() : undefined
      for (const [index, asset] of assets.entries()) {
        run.signal.throwIfAborted()
        made.push(asset)
        const known = await lookInto(asset, run)
        if (filmsOf(known).length === 0) continue
        const path = at(`${asset.id}.sheet.jpg`)
        await draw({ asset, path, seconds: lengthOf(known, asset.name), options, font }, run)
        const name = safeName(`${splitName(asset.name).stem}.sheet.jpg`)
        made.push(await run.keep(path, { name, type: 'image/jpeg' }))
        run.report({ unit: 'items', done: index + 1, of: assets.length })
      }
      return made
    }),
}

interface Sheet {
  readonly asset: LocalAsset
  readonly path: string
  readonly seconds: number
  readonly options: ContactSheetOptions
  readonly font: string | undefined
}

async function draw(sheet: Sheet, run: Run<unknown>): Promise<void> {
  const { asset, path, seconds, options, font } = sheet
  const { columns, rows } = options
  const moments = spread(seconds, columns * rows)
  const graph = graphOf(moments, options, font)
  const output = ['-map', '[sheet]', '-frames:v', '1', '-map_metadata', '-1', '-q:v', '4', '-fflags', '+bitexact']
  try {
    await ffmpeg(run, [
      ...frameInputs(asset, moments),
      '-filter_complex',
      graph,
      ...output,
      '-f',
      'mjpeg',
      `file:${path}`,
    ])
  } catch (thrown) {
    // An ffmpeg that was built without text draws the pictures all the same.
    if (font === undefined || !isFault(thrown, 'process.unsupported')) throw thrown
    await draw({ ...sheet, font: undefined }, run)
  }
}

/** The first frame of each input in a cell of one size, one after another, laid out as tiles. */
function graphOf(
  moments: readonly number[],
  { columns, rows, cellWidth }: ContactSheetOptions,
  font: string | undefined,
): string {
  const width = Math.floor(cellWidth / 2) * 2
  // Height by the shape as it is shown; all cells are of one film, so all are alike.
  const cell = `scale=${width}:'max(2,trunc(${width}*ih/(iw*sar)/2)*2)',setsar=1,format=yuvj420p`
  const chains = moments.map((moment, index) => {
    const text = font === undefined ? '' : `,${label(clockOf(moment), font, Math.max(10, Math.round(width / 18)))}`
    return `[${index}:V:0]trim=end_frame=1,setpts=0,${cell}${text}[f${index}]`
  })
  const all = moments.map((_, index) => `[f${index}]`).join('')
  const tiles = `${all}concat=n=${moments.length}:v=1,tile=${columns}x${rows}:padding=4:margin=4:color=black[sheet]`
  return `${chains.join(';')};${tiles}`
}

function label(text: string, font: string, size: number): string {
  const style = 'fontcolor=white:box=1:boxcolor=black@0.6:boxborderw=3:x=w-tw-6:y=h-th-6:expansion=none'
  return `drawtext=fontfile=${font}:fontsize=${size}:text='${text.replaceAll(':', '\\:')}':${style}`
}

/** Where systems keep a plain font: Debian, Fedora, Alpine, Arch, macOS. */
const fonts = [
  '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf',
  '/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf',
  '/usr/share/fonts/dejavu/DejaVuSans.ttf',
  '/usr/share/fonts/TTF/DejaVuSans.ttf',
  '/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf',
  '/usr/share/fonts/liberation-sans/LiberationSans-Regular.ttf',
  '/System/Library/Fonts/Supplemental/Arial.ttf',
]

async function findFont(): Promise<string | undefined> {
  for (const font of fonts) {
    const isThere = await access(font).then(
      () => true,
      () => false,
    )
    if (isThere) return font
  }
  return undefined
}

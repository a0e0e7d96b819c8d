import { z } from 'zod'
import { mediaInput, quiet } from './input.ts'
import type { ToolRun } from './work.ts'

const Answer = z.object({ streams: z.array(z.object({ pix_fmt: z.string().optional() })).default([]) })

/** Pixel format of each stream as ffmpeg names it (`yuv420p10le`); undefined for a stream that has none. */
export async function pixelFormats(path: string, type: string, run: ToolRun): Promise<readonly (string | undefined)[]> {
  const wanted = ['-of', 'json', '-show_entries', 'stream=pix_fmt']
  const child = await run.spawn('ffprobe', [...quiet, ...wanted, ...mediaInput(path, type)])
  return Answer.parse(JSON.parse(await child.text())).streams.map(({ pix_fmt }) => pix_fmt)
}

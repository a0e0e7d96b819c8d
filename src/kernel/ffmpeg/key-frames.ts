import { z } from 'zod'
import { mediaInput, quiet } from './input.ts'
import type { ToolRun } from './work.ts'

const Answer = z.object({
  packets: z.array(z.object({ pts_time: z.string().optional(), flags: z.string().default('') })).default([]),
  format: z.object({ start_time: z.string().optional() }).optional(),
})

/**
 * For each moment, the key frame at or before it, in seconds from the beginning; the moment itself where the file does not
 * say. One start of ffprobe, which seeks and reads one packet each. The file has a picture.
 */
export async function keyFramesBefore(
  { path, type }: { readonly path: string; readonly type: string },
  moments: readonly number[],
  run: ToolRun,
): Promise<readonly number[]> {
  const found = await Promise.all(batches(moments).map((batch) => ask(path, type, batch, run)))
  const keys = found.flat().toSorted((a, b) => a - b)
  return moments.map((moment) => keys.findLast((key) => key <= moment + slack) ?? moment)
}

/** Times are rounded on the way: to the microsecond, or to the millisecond in Matroska. */
const slack = 0.002

async function ask(path: string, type: string, moments: readonly number[], run: ToolRun): Promise<readonly number[]> {
  const intervals = moments.map((moment) => `${(moment + slack / 2).toFixed(6)}%+#1`).join(',')
  const child = await run.spawn('ffprobe', [
    ...quiet,
    '-of',
    'json',
    '-select_streams',
    'V:0',
    '-show_entries',
    'packet=pts_time,flags:format=start_time',
    '-read_intervals',
    intervals,
    ...mediaInput(path, type),
  ])
  const { packets, format } = Answer.parse(JSON.parse(await child.text()))
  const start = Number(format?.start_time ?? 0) || 0
  return packets
    .filter(({ flags }) => flags.startsWith('K'))
    .map(({ pts_time }) => Math.max(0, Number(pts_time) - start))
    .filter(Number.isFinite)
}

/** As many as an argument may well be long. */
function batches(moments: readonly number[]): readonly (readonly number[])[] {
  const size = 200
  return Array.from({ length: Math.ceil(moments.length / size) }, (_, index) =>
    moments.slice(index * size, (index + 1) * size),
  )
}

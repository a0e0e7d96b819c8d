import { z } from 'zod'

/** Makes yt-dlp write each progress as one line of JSON, and little else. */
export const progressArguments = [
  '--newline',
  '--progress',
  '--progress-template',
  'download:{"done":%(progress.downloaded_bytes|null)j,"of":%(progress.total_bytes|null)j,"about":%(progress.total_bytes_estimate|null)j}',
] as const

const count = z.number().nonnegative().optional().catch(undefined)
const Line = z.object({ done: z.number().nonnegative(), of: count, about: count })

/** Bytes so far, and of how many; undefined for a line that says something else. What is not known is null, or "null" in older ones. */
export function readProgress(line: string): { readonly done: number; readonly of?: number } | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const parsed = Line.safeParse(JSON.parse(line))
    if (!parsed.success) return undefined
    const of = parsed.data.of ?? parsed.data.about
    return { done: Math.round(parsed.data.done), ...(of !== undefined && { of: Math.round(of) }) }
  } catch {
    return undefined // a line cut in two by a warning; the next one comes soon
  }
}

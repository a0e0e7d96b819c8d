import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import type { LocalAsset, Run } from '#pipeline/engine.ts'
import type { FarSide } from './far-side.ts'
import type { Segment } from './track.ts'
import { joinVtt } from './vtt.ts'

/** The subtitles of a day are some megabytes. */
const mostBytes = 64 * 1024 * 1024
const atOnce = 6

/** Fetches WebVTT in segments and makes one file of it. Small, so nothing of it is kept for a second attempt. */
export async function fetchSubtitles(
  far: FarSide,
  segments: readonly Segment[],
  name: string,
  run: Run<unknown>,
): Promise<LocalAsset> {
  const texts: string[] = []
  const rest = segments.filter(({ gap }) => gap !== true)
  let [bytes, next] = [0, 0]
  const lane = async () => {
    for (let at = next++; at < rest.length; at = next++) {
      const segment = rest[at]
      if (segment) texts[at] = await textOf(segment)
      run.report({ unit: 'items', done: Math.min(next, rest.length), of: rest.length })
    }
  }
  const textOf = async (segment: Segment, tries = 3): Promise<string> => {
    const chunks: Uint8Array[] = []
    try {
      await far.read(segment, ({ bytes: chunk, free }) => {
        bytes += chunk.length
        if (bytes > mostBytes) throw new Fault('source.malformed', { reason: 'the subtitles have no end' })
        chunks.push(Uint8Array.from(chunk))
        free()
      })
    } catch (thrown) {
      run.signal.throwIfAborted()
      const isPassing = isFault(thrown, 'source.broken', 'source.truncated', 'source.stalled', 'source.unreachable')
      if (!isPassing || tries <= 1) throw thrown
      return await textOf(segment, tries - 1)
    }
    return Buffer.concat(chunks).toString('utf8')
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  const path = join(run.dir, 'subtitles.vtt')
  await writeFile(path, joinVtt(texts))
  return await run.keep(path, { name, type: 'text/vtt', role: 'subtitle' })
}

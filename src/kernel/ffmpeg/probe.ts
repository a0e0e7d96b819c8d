import { access } from 'node:fs/promises'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { MediaFacts } from '@jackdaw/contract/nouns/asset.ts'
import { factsOf } from './facts.ts'
import { mediaInput, quiet } from './input.ts'
import type { ToolRun } from './work.ts'

/** What ffprobe says of a local file; undefined when there is neither sound nor picture in it. `type` is its media type. */
export async function probeFile(path: string, type: string, run: ToolRun): Promise<MediaFacts | undefined> {
  // ffprobe fails alike for a file that is gone and for one that is not media.
  await access(path)
  const child = await run.spawn('ffprobe', [
    ...quiet,
    '-of',
    'json',
    '-show_format',
    '-show_streams',
    ...mediaInput(path, type),
  ])
  try {
    return factsOf(JSON.parse(await child.text()), type)
  } catch (thrown) {
    // It ran and could make nothing of the file; a missing program or an abort is something else.
    run.signal.throwIfAborted()
    if (!isFault(thrown, 'house.tool-failed')) throw thrown
    return undefined
  }
}

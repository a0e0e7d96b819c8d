import { isFault } from '@jackdaw/contract/faults.ts'
import { mediaInput, quiet } from '../ffmpeg/input.ts'
import type { ToolRun } from '../ffmpeg/work.ts'

/**
 * Whether the beginning of a decrypted file can be decoded. With a wrong key everything about it looks right but the
 * frames. A codec that this machine does not know passes.
 */
export async function isClear(path: string, run: ToolRun): Promise<boolean> {
  // A dozen frames is enough for a fault: with wrong keys the first is one.
  const few = ['-map', '0', '-frames:v', '12', '-t', '2', '-f', 'null', '-']
  const args = ['-nostdin', ...quiet, '-xerror', ...mediaInput(path, 'video/mp4'), ...few]
  const child = await run.spawn('ffmpeg', args)
  try {
    await child.done
    return true
  } catch (thrown) {
    run.signal.throwIfAborted()
    if (!isFault(thrown, 'house.tool-failed')) throw thrown
    return /decoder[^\n]*not found/i.test(String(thrown.facts['reason'] ?? ''))
  }
}

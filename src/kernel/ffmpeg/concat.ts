import { symlink, rm, writeFile } from 'node:fs/promises'
import { Fault } from '@jackdaw/contract/faults.ts'
import { demuxers } from './input.ts'

/** A stretch of one file: between two moments (seconds), or all of it. */
export interface Stretch {
  readonly path: string
  readonly from?: number
  readonly to?: number
}

/**
 * Input arguments that read stretches of local files one after another, by copy. `list` is where the list is written;
 * links beside it stand for the files, so that no path of anybody is ever part of it. Each file is opened with the
 * demuxers of `mediaInput` and by the file protocol alone: a list inside a list is refused. ffmpeg ends well when
 * a file that is not the first cannot be opened: compare what was written with `checkWhole`.
 *
 * Streams must be alike in codec and order. A `from` should be the moment of a key frame.
 */
export async function concatInput(
  stretches: readonly Stretch[],
  list: string,
  at: (name: string) => string,
): Promise<readonly string[]> {
  const paths = [...new Set(stretches.map(({ path }) => path))]
  const links = new Map(paths.map((path, index) => [path, at(`${list}.${index}`)]))
  for (const [path, link] of links) {
    await rm(link, { force: true })
    await symlink(path, link)
  }
  const lines = stretches.flatMap(({ path, from, to }) => [
    `file ${list}.${paths.indexOf(path)}`,
    `option format_whitelist ${demuxers}`,
    'option protocol_whitelist file',
    ...(from === undefined ? [] : [`inpoint ${from.toFixed(6)}`]),
    ...(to === undefined ? [] : [`outpoint ${to.toFixed(6)}`]),
  ])
  const path = at(list)
  await writeFile(path, `ffconcat version 1.0\n${lines.join('\n')}\n`)
  // Options of a file are not allowed in safe mode, which is about paths of others: there are none here.
  const how = ['-protocol_whitelist', 'file', '-format_whitelist', 'concat', '-f', 'concat', '-safe', '0']
  return [...how, '-i', `file:${path}`]
}

/**
 * Throws `process.failed` when a part is missing from what was put together: when less was written than the parts are
 * long, by half of the shortest or more. Lengths in seconds; where one is unknown, nothing is known.
 */
export function checkWhole(written: number, lengths: readonly (number | undefined)[]): void {
  const known = lengths.filter((length) => length !== undefined)
  const whole = known.reduce((sum, length) => sum + length, 0)
  if (known.length < lengths.length || written > whole - Math.min(...known) / 2) return
  const reason = `only ${written.toFixed(1)} of ${whole.toFixed(1)} seconds could be put together`
  throw new Fault('process.failed', { reason })
}

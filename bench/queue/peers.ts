import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const versions = { 'pg-boss': '12.18.2', 'graphile-worker': '0.16.6' }
// Their dependencies are ranges: with a date they are the same ones at each set-up.
const before = '2026-06-01'

/** Fetches the peers from npm into a folder of the bench, once. Answers the folder, or undefined with a word when there is no way. */
export async function fetchPeers(say: (line: string) => void): Promise<string | undefined> {
  const folder = join(tmpdir(), `jackdaw-bench-queue-${process.getuid?.() ?? 0}`)
  const there = Object.keys(versions).every((name) => existsSync(join(folder, 'node_modules', name)))
  if (there) return folder
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: versions }))
  try {
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', `--before=${before}`]
    await promisify(execFile)('npm', args, { cwd: folder })
    return folder
  } catch (error) {
    say(
      `the peers could not be fetched and are left out: ${error instanceof Error ? error.message.split('\n')[0] : ''}`,
    )
    return undefined
  }
}

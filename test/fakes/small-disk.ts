import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface SmallDisk {
  readonly path: string
  /** Changes it while mounted: `ro`, `size=4m`. */
  remount(options: string): Promise<void>
}

/** A file system of its own that holds `bytes`, gone with the test; or the reason why none can be had here. */
export async function smallDisk(t: TestContext, how: { bytes: number }): Promise<SmallDisk | string> {
  if (process.getuid?.() !== 0) return 'mounting a small disk needs root'
  const path = await mkdtemp(join(tmpdir(), 'jackdaw-disk-'))
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${how.bytes},mode=0755`, 'jackdaw-test', path])
  } catch (thrown) {
    await rm(path, { recursive: true })
    return `a small disk cannot be mounted here: ${thrown instanceof Error ? thrown.message : 'unknown'}`
  }
  t.after(async () => {
    await run('umount', ['--lazy', path])
    await rm(path, { recursive: true })
  })
  return { path, remount: async (options) => void (await run('mount', ['-o', `remount,${options}`, path])) }
}

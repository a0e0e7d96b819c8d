import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { LocalAsset } from '#pipeline/engine.ts'
import { asset, scratch } from '#test/fakes/local-run.ts'

/** Far more changes than one delivery makes: a test that never gets to its end must fail. */
const mostKills = 60

/**
 * Delivers in a process that is killed before its first change to the file system, then again before its second, and so
 * on until one delivery gets through; after each kill a second process repeats it. Each time exactly one thing is there.
 */
export function killedSuite(
  title: string,
  how: {
    readonly kind: 'folder' | 'library'
    readonly state: LocalAsset['state']
    readonly env?: Readonly<Record<string, string>>
    readonly whole: (root: string, asset: LocalAsset) => Promise<void>
  },
): void {
  test(`${title}: killed at any point, a repeat ends with exactly one and no leftovers`, async (t) => {
    const root = await scratch(t)
    let kills = 0
    for (; kills < mostKills; kills++) {
      const dir = join(root, String(kills))
      const to = join(dir, 'to')
      await mkdir(to, { recursive: true })
      await writeFile(join(dir, 'one.mp4'), Buffer.alloc(3_000_000, kills))
      const one = await asset(join(dir, 'one.mp4'), { state: how.state })
      const wish = JSON.stringify({ kind: how.kind, to, dir, assets: [one], checkpoint: join(dir, 'checkpoint') })
      const killed = await child(wish, { ...how.env, KILL_AT: String(kills) })
      if (killed === 'done') break
      assert.equal(await child(wish, { ...how.env }), 'done')
      await how.whole(to, one)
    }
    assert.ok(kills > 3 && kills < mostKills, `${kills} points`)
    t.diagnostic(`killed at ${kills} points`)
  })
}

/** Names of all files below a folder. */
export async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

function child(wish: string, env: Readonly<Record<string, string>>): Promise<'done' | 'killed'> {
  const here = import.meta.dirname
  const args = ['--import', join(here, '../fakes/crash-at.ts'), join(here, '../fakes/deliver-child.ts'), wish]
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    })
    process_.once('error', reject).once('close', (exit, signal) => {
      if (signal === 'SIGKILL') resolve('killed')
      else if (exit === 0) resolve('done')
      else reject(new Error(`the child ended with ${exit ?? signal}`))
    })
  })
}

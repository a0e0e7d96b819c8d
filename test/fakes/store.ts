import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Store } from '#pipeline/store.ts'

/** A store in one flat folder that goes with the test, and a way to fill it. */
export interface FakeStore extends Store {
  /** Puts bytes and returns their digest. */
  fill(bytes: Uint8Array | string): Promise<string>
  /** What `list` says about the age of everything. */
  at: number
}

export async function fakeStore(t: TestContext): Promise<FakeStore> {
  const dir = await mkdtemp(join(tmpdir(), 'jackdaw-store-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const digests = new Set<string>()
  const path = (sha256: string) => join(dir, sha256)
  const digestOf = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')
  const has = async (sha256: string) =>
    await stat(path(sha256)).then(
      () => true,
      () => false,
    )
  const store: FakeStore = {
    at: 0,
    path,
    has,
    async fill(bytes) {
      const sha256 = digestOf(bytes)
      await writeFile(path(sha256), bytes)
      digests.add(sha256)
      return sha256
    },
    async put(localPath, sha256) {
      await writeFile(path(sha256), await readFile(localPath))
      digests.add(sha256)
      return path(sha256)
    },
    async remove(sha256) {
      await rm(path(sha256), { force: true })
      digests.delete(sha256)
    },
    async *list() {
      for (const sha256 of digests) yield { sha256, bytes: 0, at: store.at }
    },
    async verify(sha256) {
      if (!(await has(sha256))) return 'missing'
      return digestOf(await readFile(path(sha256))) === sha256 ? 'sound' : 'damaged'
    },
  }
  return store
}

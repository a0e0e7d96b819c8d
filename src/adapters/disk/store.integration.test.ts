import assert from 'node:assert/strict'
import { mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { digestFile } from '#kernel/digest.ts'
import { filesBelow } from '#test/conformance/killed.ts'
import { storeSuite } from '#test/conformance/store.ts'
import { smallDisk } from '#test/fakes/small-disk.ts'
import { scratch } from '#test/fakes/local-run.ts'
import { diskStore } from './store.ts'

storeSuite('disk store', async (t) => {
  const store = diskStore(join(await scratch(t), 'store'))
  return {
    store,
    async damage(sha256) {
      const bytes = await readFile(store.path(sha256))
      await writeFile(store.path(sha256), bytes.reverse())
    },
  }
})

async function begin(t: Parameters<typeof scratch>[0], bytes: string | Buffer = 'hello') {
  const dir = await scratch(t)
  await writeFile(join(dir, 'file'), bytes)
  return { dir, file: join(dir, 'file'), sha256: await digestFile(join(dir, 'file')), root: join(dir, 'store') }
}

test('a file with one name is linked into the store', async (t) => {
  const { file, sha256, root } = await begin(t)
  const place = await diskStore(root).put(file, sha256)
  assert.equal(place, join(root, sha256.slice(0, 2), sha256.slice(2, 4), sha256))
  assert.equal((await stat(place)).ino, (await stat(file)).ino)
})

test('a file in the store that lost its end is put anew', async (t) => {
  const { file, sha256, root } = await begin(t)
  const store = diskStore(root)
  await mkdir(dirname(store.path(sha256)), { recursive: true })
  await writeFile(store.path(sha256), 'hel')
  await store.put(file, sha256)
  assert.equal(await store.verify(sha256), 'sound')
})

test('what a kill left is not listed', async (t) => {
  const { file, sha256, root } = await begin(t)
  const store = diskStore(root)
  const leftover = `${await store.put(file, sha256)}.01jx.part`
  await writeFile(leftover, 'half')
  await utimes(leftover, 0, 0)
  const found: string[] = []
  for await (const entry of store.list()) found.push(entry.sha256)
  assert.deepEqual(found, [sha256])
})

test('a full disk is said so, and nothing half is left', async (t) => {
  const { file, sha256 } = await begin(t, Buffer.alloc(2_000_000, 1))
  const disk = await smallDisk(t, { bytes: 1024 * 1024 })
  if (typeof disk === 'string') return t.skip(disk)
  await assert.rejects(diskStore(disk.path).put(file, sha256), (thrown) => isFault(thrown, 'house.disk-full'))
  assert.deepEqual(await filesBelow(disk.path), [])
  await disk.remount('size=4m')
  await diskStore(disk.path).put(file, sha256)
  assert.equal(await diskStore(disk.path).verify(sha256), 'sound')
  return undefined
})

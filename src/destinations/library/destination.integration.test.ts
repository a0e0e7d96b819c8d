import assert from 'node:assert/strict'
import { join } from 'node:path'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { diskStore } from '#adapters/disk/store.ts'
import { digestFile } from '#kernel/digest.ts'
import type { LocalAsset } from '#pipeline/engine.ts'
import { deliver, destinationSuite } from '#test/conformance/destination.ts'
import { filesBelow, killedSuite } from '#test/conformance/killed.ts'
import { asset, scratch } from '#test/fakes/local-run.ts'
import { library } from './destination.ts'

const open = async (_: unknown, root: string) => ({
  destination: library(diskStore(root)),
  to: '',
  visible: async () => Promise.all((await filesBelow(root)).map((path) => digestFile(path))),
})

destinationSuite('library', open, { exact: true, saves: false })

async function whole(to: string, asset: LocalAsset): Promise<void> {
  const there = (await filesBelow(to)).filter((path) => !path.endsWith('.part'))
  assert.deepEqual(there, [diskStore(to).path(asset.sha256)])
  assert.equal(await diskStore(to).verify(asset.sha256), 'sound')
}

killedSuite('library by link', { kind: 'library', state: 'scratch', whole })
killedSuite('library by copy', { kind: 'library', state: 'scratch', whole, env: { NO_LINKS: '1' } })

test('a receipt names the asset, and equal bytes of two assets are held once', async (t) => {
  const dir = await scratch(t)
  await writeFile(join(dir, 'a'), 'same')
  await writeFile(join(dir, 'b'), 'same')
  const assets = [await asset(join(dir, 'a')), await asset(join(dir, 'b'))]
  const receipts = await deliver(await open(t, join(dir, 'store')), assets, dir)
  assert.deepEqual(
    receipts.map((receipt) => receipt.place),
    assets.map((asset) => `library:${asset.id}`),
  )
  assert.equal((await filesBelow(join(dir, 'store'))).length, 1)
})

test('a file that was changed after it became an asset is not kept under its digest', async (t) => {
  const dir = await scratch(t)
  await writeFile(join(dir, 'a'), 'same')
  const one = await asset(join(dir, 'a'), { createdAt: new Date(0).toISOString() })
  await writeFile(join(dir, 'a'), 'SAME')
  await assert.rejects(deliver(await open(t, join(dir, 'store')), [one], dir), (thrown) =>
    isFault(thrown, 'source.changed'),
  )
})

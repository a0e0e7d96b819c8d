import assert from 'node:assert/strict'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { digestFile } from '#kernel/digest.ts'
import type { Store } from '#pipeline/store.ts'
import { scratch } from '#test/fakes/local-run.ts'

/** What every store must do. `damage` changes the bytes behind a digest, as a failing disk would, keeping their number. */
export function storeSuite(
  title: string,
  open: (t: TestContext) => Promise<{ store: Store; damage(sha256: string): Promise<void> }>,
): void {
  const begin = async (t: TestContext, content = 'hello') => {
    const dir = await scratch(t)
    const file = join(dir, 'file')
    await writeFile(file, content)
    return { dir, file, sha256: await digestFile(file), ...(await open(t)) }
  }
  const all = async (store: Store) => {
    const found: string[] = []
    for await (const { sha256 } of store.list()) found.push(sha256)
    return found
  }

  test(`${title}: what was put is there under its digest, and stays when the file goes`, async (t) => {
    const { store, file, sha256 } = await begin(t)
    assert.equal(await store.has(sha256), false)
    const place = await store.put(file, sha256)
    await rm(file)
    assert.equal(place, store.path(sha256))
    assert.equal(await readFile(place, 'utf8'), 'hello')
    assert.equal(await store.has(sha256), true)
    assert.equal(await store.verify(sha256), 'sound')
  })

  test(`${title}: putting twice, or ten times at once, keeps one`, async (t) => {
    const { store, file, sha256 } = await begin(t)
    const places = await Promise.all(Array.from({ length: 10 }, () => store.put(file, sha256)))
    places.push(await store.put(file, sha256))
    assert.equal(new Set(places).size, 1)
    assert.deepEqual(await all(store), [sha256])
    assert.equal(await store.verify(sha256), 'sound')
  })

  test(`${title}: a file without its digest is refused and leaves nothing`, async (t) => {
    const { store, dir, file } = await begin(t)
    const wrong = '0'.repeat(64)
    await assert.rejects(store.put(file, wrong), (thrown) => isFault(thrown, 'source.changed'))
    await link(file, join(dir, 'second name'))
    const trusted = store.put(file, wrong, { trusted: true })
    await assert.rejects(
      trusted,
      (thrown) => isFault(thrown, 'source.changed'),
      'a copy is read back even when trusted',
    )
    assert.equal(await store.has(wrong), false)
    assert.deepEqual(await all(store), [])
  })

  test(`${title}: a file that somebody may edit under another name does not share its bytes`, async (t) => {
    const { store, dir, file, sha256 } = await begin(t)
    await link(file, join(dir, 'edited'))
    await store.put(file, sha256, { trusted: true })
    await writeFile(join(dir, 'edited'), 'HELLO')
    assert.equal(await store.verify(sha256), 'sound')
  })

  test(`${title}: damage is found, absence too`, async (t) => {
    const { store, damage, file, sha256 } = await begin(t)
    assert.equal(await store.verify(sha256), 'missing')
    await store.put(file, sha256)
    await damage(sha256)
    assert.equal(await store.verify(sha256), 'damaged')
  })

  test(`${title}: removing frees the bytes, and once more does nothing`, async (t) => {
    const { store, file, sha256 } = await begin(t)
    await store.put(file, sha256)
    await store.remove(sha256)
    await store.remove(sha256)
    assert.equal(await store.has(sha256), false)
    assert.deepEqual(await all(store), [])
  })

  test(`${title}: the list has bytes and time of each`, async (t) => {
    const { store, file, sha256 } = await begin(t)
    await store.put(file, sha256)
    for await (const found of store.list()) {
      assert.deepEqual([found.sha256, found.bytes], [sha256, 5])
      assert.ok(found.at > 1_600_000_000_000)
    }
  })

  test(`${title}: an empty file is a file`, async (t) => {
    const { store, file, sha256 } = await begin(t, '')
    await store.put(file, sha256)
    assert.equal(await store.verify(sha256), 'sound')
  })

  test(`${title}: what is not a digest is refused before it becomes a path`, async (t) => {
    const { store, file } = await begin(t)
    for (const text of ['', '../../etc/passwd', 'A'.repeat(64), `${'a'.repeat(64)}\n`, 'a'.repeat(63)]) {
      assert.throws(
        () => store.path(text),
        (thrown) => isFault(thrown, 'input.invalid'),
      )
      await assert.rejects(
        async () => store.put(file, text),
        (thrown) => isFault(thrown, 'input.invalid'),
      )
    }
  })

  test(`${title}: an abort leaves nothing`, async (t) => {
    const { store, file, sha256 } = await begin(t)
    await assert.rejects(store.put(file, sha256, { signal: AbortSignal.abort() }), { name: 'AbortError' })
    assert.equal(await store.has(sha256), false)
    assert.deepEqual(await all(store), [])
  })
}

import assert from 'node:assert/strict'
import { link, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import {
  copyInto,
  freeBytes,
  hardlinkOrCopy,
  makeFolder,
  moveOrCopy,
  publish,
  supersede,
  syncPath,
} from '#kernel/files.ts'

async function begin(t: TestContext, under: string = tmpdir()) {
  const dir = await mkdtemp(join(under, 'files-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const at = (name: string) => join(dir, name)
  await writeFile(at('from'), 'hello')
  return { dir, at }
}

test('a copy is whole, and its bytes were counted unless the blocks were cloned', async (t) => {
  const { at } = await begin(t)
  let bytes = 0
  await copyInto(at('from'), at('to'), { onBytes: (more) => (bytes += more) })
  assert.equal(await readFile(at('to'), 'utf8'), 'hello')
  assert.ok(bytes === 5 || bytes === 0)
})

test('a copy never replaces a file, nor removes the one in its way', async (t) => {
  const { at } = await begin(t)
  await writeFile(at('to'), 'other')
  await assert.rejects(copyInto(at('from'), at('to')), { code: 'EEXIST' })
  assert.equal(await readFile(at('to'), 'utf8'), 'other')
})

test('nothing is left of a copy that failed or was aborted', async (t) => {
  const { dir, at } = await begin(t)
  await assert.rejects(copyInto(at('absent'), at('to')), { code: 'ENOENT' })
  await writeFile(at('large'), Buffer.alloc(4_000_000))
  const abort = new AbortController()
  await copyInto(at('large'), at('to'), { signal: abort.signal, onBytes: () => abort.abort() }).then(
    // The blocks were cloned: there was nothing to abort.
    () => rm(at('to')),
    (thrown: unknown) => assert.equal(thrown instanceof Error && thrown.name, 'AbortError'),
  )
  assert.deepEqual((await readdir(dir)).toSorted(), ['from', 'large'])
})

test('a file with one name is linked, a file with two is copied', async (t) => {
  const { at } = await begin(t)
  assert.equal(await hardlinkOrCopy(at('from'), at('first')), 'linked')
  assert.equal(await hardlinkOrCopy(at('from'), at('second')), 'copied')
  assert.notEqual((await stat(at('second'))).ino, (await stat(at('from'))).ino)
})

test('of many who want the file at once no two share it', async (t) => {
  const { at } = await begin(t)
  for (let round = 0; round < 5; round++) {
    await rm(at('from'))
    await writeFile(at('from'), 'hello')
    const names = Array.from({ length: 6 }, (_, index) => at(`${round}-${index}`))
    await Promise.all(names.map((name) => hardlinkOrCopy(at('from'), name)))
    assert.ok((await stat(at('from'))).nlink <= 2)
    for (const name of names) assert.equal(await readFile(name, 'utf8'), 'hello')
  }
})

test('a final name is given once; who comes second keeps the file and is told', async (t) => {
  const { dir, at } = await begin(t)
  await writeFile(at('second'), 'world')
  assert.equal(await publish(at('from'), at('final')), true)
  assert.equal(await publish(at('second'), at('final')), false)
  assert.equal(await readFile(at('final'), 'utf8'), 'hello')
  assert.deepEqual((await readdir(dir)).toSorted(), ['final', 'second'])
  await supersede(at('second'), at('final'))
  assert.equal(await readFile(at('final'), 'utf8'), 'world')
})

test('a move replaces the file and leaves nothing behind', async (t) => {
  const { dir, at } = await begin(t)
  await writeFile(at('to'), 'other')
  await moveOrCopy(at('from'), at('to'), at('.part'))
  assert.equal(await readFile(at('to'), 'utf8'), 'hello')
  assert.deepEqual(await readdir(dir), ['to'])
})

test('a move to another disk does the same', async (t) => {
  const { dir, at } = await begin(t)
  const other = await begin(t, '/dev/shm').catch(() => undefined)
  if (other === undefined || (await stat(other.dir)).dev === (await stat(dir)).dev)
    return t.skip('there is one disk here')
  await writeFile(other.at('.part'), 'left by a kill')
  await link(at('from'), at('kept'))
  await moveOrCopy(at('from'), other.at('from'), other.at('.part'))
  assert.deepEqual([await readdir(dir), await readdir(other.dir)], [['kept'], ['from']])
  return undefined
})

test('folders are made as deep as needed, and again', async (t) => {
  const { at } = await begin(t)
  await makeFolder(at('a/b/c'))
  await makeFolder(at('a/b/c'))
  assert.ok((await stat(at('a/b/c'))).isDirectory())
  await assert.rejects(makeFolder(at('from/x')), { code: 'ENOTDIR' })
})

test('free space is a number of bytes, and a folder can be synced', async (t) => {
  const { dir, at } = await begin(t)
  assert.ok(Number.isSafeInteger(await freeBytes(dir)))
  await mkdir(at('x'))
  await syncPath(dir)
  await assert.rejects(freeBytes(at('absent')), { code: 'ENOENT' })
})

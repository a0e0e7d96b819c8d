import assert from 'node:assert/strict'
import { chmod, link, lstat, mkdir, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { digestFile } from '#kernel/digest.ts'
import { deliver, destinationSuite } from '#test/conformance/destination.ts'
import { smallDisk } from '#test/fakes/small-disk.ts'
import { asset, scratch } from '#test/fakes/local-run.ts'
import { folder } from './destination.ts'

const open = async (_: unknown, root: string) => ({
  destination: folder,
  to: root,
  async visible() {
    const names = await readdir(root)
    assert.deepEqual(
      names.filter((name) => name.startsWith('.jackdaw-')),
      [],
      'a temporary file was left',
    )
    return Promise.all(names.map((name) => digestFile(join(root, name))))
  },
})

destinationSuite('folder', open, { exact: true, saves: true })

async function begin(t: Parameters<typeof scratch>[0], bytes: string | Buffer = 'hello') {
  const root = await scratch(t)
  const dir = join(root, 'scratch')
  const out = join(root, 'out')
  await mkdir(dir)
  await mkdir(out)
  await writeFile(join(dir, 'a.tar.gz'), bytes)
  return { root, dir, out, one: await asset(join(dir, 'a.tar.gz')) }
}
const places = async (promise: ReturnType<typeof deliver>) => (await promise).map((receipt) => receipt.place)
const code =
  (...codes: Parameters<typeof isFault>[1][]) =>
  (thrown: unknown) =>
    isFault(thrown, ...codes)

test('a different file with the name stays, and the asset takes the next number', async (t) => {
  const { dir, out, one } = await begin(t)
  await writeFile(join(out, 'a.tar.gz'), 'other')
  await mkdir(join(out, 'a (2).tar.gz'))
  await symlink(one.path, join(out, 'a (3).tar.gz'))
  const to = { destination: folder, to: out }
  assert.deepEqual(await places(deliver(to, [one], dir)), [join(out, 'a (4).tar.gz')])
  assert.deepEqual(await places(deliver(to, [one], dir)), [join(out, 'a (4).tar.gz')])
  assert.equal(await readFile(join(out, 'a.tar.gz'), 'utf8'), 'other')
})

test('two different assets of one name in one delivery both arrive', async (t) => {
  const { dir, out, one } = await begin(t)
  await writeFile(join(dir, 'b'), 'world')
  const two = await asset(join(dir, 'b'), { name: 'a.tar.gz' })
  await deliver({ destination: folder, to: out }, [one, two], dir)
  assert.deepEqual((await readdir(out)).toSorted(), ['a (2).tar.gz', 'a.tar.gz'])
})

test('replace puts the asset in place of a different file, or of a link but not of its target', async (t) => {
  const { root, dir, out, one } = await begin(t)
  await writeFile(join(root, 'precious'), 'other')
  await symlink(join(root, 'precious'), join(out, 'a.tar.gz'))
  await deliver({ destination: folder, to: out }, [one], dir, { options: { onExisting: 'replace' } })
  assert.ok((await lstat(join(out, 'a.tar.gz'))).isFile())
  assert.equal(await readFile(join(root, 'precious'), 'utf8'), 'other')
})

test('fail leaves a different file alone and says where it is', async (t) => {
  const { dir, out, one } = await begin(t)
  await writeFile(join(out, 'a.tar.gz'), 'other')
  const to = { destination: folder, to: out }
  await assert.rejects(
    deliver(to, [one], dir, { options: { onExisting: 'fail' } }),
    (thrown) => isFault(thrown, 'destination.exists') && thrown.facts['path'] === join(out, 'a.tar.gz'),
  )
  await writeFile(join(out, 'a.tar.gz'), 'hello')
  await deliver(to, [one], dir, { options: { onExisting: 'fail' } })
  assert.deepEqual(await readdir(out), ['a.tar.gz'])
})

test('a scratch file with one name is linked, not copied', async (t) => {
  const { dir, out, one } = await begin(t)
  await deliver({ destination: folder, to: out }, [one], dir)
  assert.equal((await stat(join(out, 'a.tar.gz'))).ino, (await stat(one.path)).ino)
})

test('a scratch file that the store shares, and a kept one, are copied', async (t) => {
  const { dir, out, one } = await begin(t)
  await link(one.path, join(dir, 'in-the-store'))
  await deliver({ destination: folder, to: out }, [one], dir)
  assert.notEqual((await stat(join(out, 'a.tar.gz'))).ino, (await stat(one.path)).ino)
  await rm(join(dir, 'in-the-store'))
  await deliver({ destination: folder, to: join(out, 'kept') }, [{ ...one, state: 'kept' }], dir)
  assert.notEqual((await stat(join(out, 'kept/a.tar.gz'))).ino, (await stat(one.path)).ino)
})

test('a file is readable by all and writable by its owner, within the umask, linked or copied', async (t) => {
  const { dir, out, one } = await begin(t)
  await chmod(one.path, 0o600)
  const old = process.umask(0o027)
  try {
    await deliver({ destination: folder, to: out }, [one], dir)
    await deliver({ destination: folder, to: join(out, 'kept') }, [{ ...one, state: 'kept' }], dir)
  } finally {
    process.umask(old)
  }
  assert.equal((await stat(join(out, 'a.tar.gz'))).mode & 0o777, 0o640)
  assert.equal((await stat(join(out, 'kept/a.tar.gz'))).mode & 0o777, 0o640)
})

test('a copy that does not have the digest of the asset never gets its name', async (t) => {
  const { dir, out, one } = await begin(t)
  const wrong = { ...one, sha256: '0'.repeat(64), state: 'kept' as const }
  await assert.rejects(deliver({ destination: folder, to: out }, [wrong], dir), code('destination.unwritable'))
  assert.deepEqual(await readdir(out), [])
})

test('a target folder may be a link, but no folder below the prefix may lead out of it', async (t) => {
  const { root, dir, out, one } = await begin(t)
  await symlink(out, join(root, 'alias'))
  await deliver({ destination: folder, to: join(root, 'alias') }, [one], dir)
  assert.deepEqual(await readdir(out), ['a.tar.gz'])
  await mkdir(join(root, 'elsewhere'))
  await symlink(join(root, 'elsewhere'), join(out, 'example.org'))
  const to = { destination: folder, to: `${out}/{site}` }
  const options = { site: 'example.org' }
  await assert.rejects(deliver(to, [one], dir, { options }), code('destination.unwritable'))
  assert.deepEqual(await readdir(join(root, 'elsewhere')), [])
})

test('a file where a folder is needed is named', async (t) => {
  const { dir, out, one } = await begin(t)
  await writeFile(join(out, 'file'), '')
  for (const to of [join(out, 'file'), join(out, 'file/sub')]) {
    await assert.rejects(deliver({ destination: folder, to }, [one], dir), code('destination.unwritable'))
  }
})

test('an abort in the middle of a copy leaves nothing', async (t) => {
  const { dir, out, one } = await begin(t, Buffer.alloc(8 * 1024 * 1024, 7))
  const abort = new AbortController()
  const kept = { ...one, state: 'kept' as const }
  const onReport = () => abort.abort()
  const delivery = deliver({ destination: folder, to: out }, [kept], dir, { signal: abort.signal, onReport })
  await assert.rejects(delivery, { name: 'AbortError' })
  assert.deepEqual(await readdir(out), [])
})

test('to another disk the file is copied and read back', async (t) => {
  const { dir, one } = await begin(t, Buffer.alloc(100_000, 3))
  const disk = await smallDisk(t, { bytes: 1024 * 1024 })
  if (typeof disk === 'string') return t.skip(disk)
  await deliver({ destination: folder, to: join(disk.path, 'in/here') }, [one], dir)
  assert.equal(await digestFile(join(disk.path, 'in/here/a.tar.gz')), one.sha256)
  return undefined
})

test('a full disk is said so, nothing half is left, and a repeat with room goes on', async (t) => {
  const { dir, one } = await begin(t, Buffer.alloc(2_000_000, 3))
  const disk = await smallDisk(t, { bytes: 1024 * 1024 })
  if (typeof disk === 'string') return t.skip(disk)
  const to = { destination: folder, to: disk.path }
  await assert.rejects(
    deliver(to, [one], dir),
    (thrown) => isFault(thrown, 'destination.full') && thrown.next === 'retry',
  )
  assert.deepEqual(await readdir(disk.path), [])
  await disk.remount('size=4m')
  await deliver(to, [one], dir)
  assert.deepEqual(await readdir(disk.path), ['a.tar.gz'])
  return undefined
})

test('a read-only disk is said so', async (t) => {
  const { dir, one } = await begin(t)
  const disk = await smallDisk(t, { bytes: 1024 * 1024 })
  if (typeof disk === 'string') return t.skip(disk)
  await disk.remount('ro')
  await assert.rejects(
    deliver({ destination: folder, to: disk.path }, [one], dir),
    (thrown) => isFault(thrown, 'destination.unwritable') && thrown.message.includes('read-only'),
  )
  return undefined
})

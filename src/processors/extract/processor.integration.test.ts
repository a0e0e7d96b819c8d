import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { lstat, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { tarOf, zipOf } from '#test/fakes/archives.ts'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { folderAt, localRun, scratch } from '#test/fakes/local-run.ts'
import { rars } from '#test/fakes/rars.ts'
import { watchedArguments } from '#test/fakes/watched-arguments.ts'
import { extract } from './processor.ts'

const sh = promisify(execFile)
const members = [
  { name: 'Show/S1/01.txt', content: 'one' },
  { name: 'Show/S2/01.txt', content: Buffer.alloc(5000, 'two') },
]

processorSuite('extract', extract, {
  name: 'sample.zip',
  async make(dir) {
    await writeFile(join(dir, 'sample.zip'), zipOf(members))
    return join(dir, 'sample.zip')
  },
})

/** Names and contents of what comes out of these files. */
async function contents(t: TestContext, files: Readonly<Record<string, Buffer>>, options = {}) {
  const dir = await scratch(t)
  const assets = await Promise.all(
    Object.entries(files).map(async ([name, bytes], index) => {
      const path = join(await folderAt(dir, String(index)), name)
      await writeFile(path, bytes)
      return await assetOf(path)
    }),
  )
  assert.ok(assets.every((one) => extract.accepts(one)))
  const run = localRun<unknown>(await folderAt(dir, 'run'))
  const made = await extract.process(assets, extract.options.parse(options), run)
  const read = await Promise.all(
    made.map(async ({ name, path }) => [name, (await readFile(path)).toString('latin1', 0, 3)]),
  )
  return { dir, run, assets, made, read }
}

const expected = [
  ['S1 - 01.txt', 'one'],
  ['S2 - 01.txt', 'two'],
]

for (const [name, bytes] of [
  ['a.zip', () => zipOf(members)],
  ['a.tar', () => tarOf(members)],
  ['a.tar.gz', () => gzipSync(tarOf(members))],
  ['called.otherwise.gz', () => gzipSync(tarOf(members))],
  ['a.tar.zst', () => zstdCompressSync(tarOf(members))],
] as const) {
  test(`${name} is unpacked`, async (t) => {
    const { read, run, made } = await contents(t, { [name]: bytes() })
    assert.deepEqual(read, expected)
    assert.ok(run.reports.length > 0)
    assert.ok(made.every(({ path }) => path.startsWith(`${run.dir}/`)))
  })
}

for (const [format, tool] of [
  ['7z', ['7zz', 'a']],
  ['tar.bz2', ['tar', 'cjf']],
  ['tar.xz', ['tar', 'cJf']],
] as const) {
  test(`a ${format} made by another program is unpacked`, async (t) => {
    const dir = await scratch(t)
    await writeFile(join(dir, '-x *.txt'), 'one')
    const [command, ...args] = tool
    await sh(command, [...args, join(dir, `a.${format}`), '--', '-x *.txt'], { cwd: dir })
    const { read } = await contents(t, { [`a.${format}`]: await readFile(join(dir, `a.${format}`)) })
    assert.deepEqual(read, [['x _.txt', 'one']])
  })
}

test('one file alone is called as its archive', async (t) => {
  assert.deepEqual((await contents(t, { 'notes.txt.gz': gzipSync('one') })).read, [['notes.txt', 'one']])
})

test('RAR is unpacked, hard links are left out', async (t) => {
  assert.deepEqual(
    (await contents(t, { 'a.rar': rars.hardLinks })).made.map(({ name }) => name),
    ['stest1.txt'],
  )
  for (const bytes of [rars.folders, rars.older]) {
    const { made } = await contents(t, { 'a.rar': bytes })
    assert.ok(made.length > 1)
    assert.ok(
      made.some(({ name }) => name.includes(' - ')),
      made.map(({ name }) => name).join(),
    )
  }
})

test('several archives of one step keep apart, though they are called alike and hold the same names', async (t) => {
  const one = zipOf([{ name: 'x.txt', content: 'one' }])
  const two = gzipSync(tarOf([{ name: 'x.txt', content: 'two' }]))
  const { read } = await contents(t, { 'a.zip': one, 'a.tar.gz': two })
  assert.deepEqual(read, [
    ['x.txt', 'one'],
    ['x (2).txt', 'two'],
  ])
})

test('parts come together, and one that is missing is named', async (t) => {
  const dir = await scratch(t)
  await writeFile(join(dir, 'big.bin'), Buffer.from(Array.from({ length: 9000 }, (_, at) => (at * at * 31) >> 3)))
  for (const format of ['7z', 'zip']) {
    await sh('7zz', ['a', '-mx=0', '-v3000b', join(dir, `a.${format}`), 'big.bin'], { cwd: dir })
    const names = (await readdir(dir)).filter((name) => name.startsWith(`a.${format}.`)).toSorted()
    assert.ok(names.length > 3)
    const parts: Record<string, Buffer> = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name))])),
    )
    const { made } = await contents(t, parts)
    assert.deepEqual(
      made.map(({ name, bytes }) => [name, bytes]),
      [['big.bin', 9000]],
    )
    const { [`a.${format}.002`]: _, ...gap } = parts
    await assert.rejects(contents(t, gap), {
      code: 'process.broken',
      message: new RegExp(`part a\\.${format}\\.002 is missing`),
    })
    const short = Object.fromEntries(Object.entries(parts).slice(0, -1))
    await assert.rejects(contents(t, short), {
      code: 'process.broken',
      message: /a part after a\.\w+\.\d+ may be missing/,
    })
  }
})

for (const [format, args] of [
  ['zip', ['-tzip', '-mem=AES256']],
  ['7z', ['-t7z']],
  ['7z with hidden names', ['-t7z', '-mhe=on']],
] as const) {
  test(`${format}: a password is asked for, refused, taken, and never among arguments`, async (t) => {
    const dir = await scratch(t)
    await writeFile(join(dir, 'x.txt'), 'one')
    const name = `a.${format.slice(0, 3).trim()}`
    await sh('7zz', ['a', ...args, '-psecret words', join(dir, name), 'x.txt'], { cwd: dir })
    const bytes = await readFile(join(dir, name))
    await assert.rejects(contents(t, { [name]: bytes }), {
      code: 'process.password',
      message: new RegExp(`^${name} needs`),
    })
    await assert.rejects(contents(t, { [name]: bytes }, { archivePassword: 'wrong' }), { code: 'process.password' })
    const { run, seen } = watchedArguments(localRun<unknown>(await folderAt(dir, 'run')))
    const options = extract.options.parse({ archivePassword: 'secret words' })
    const [made] = await extract.process([await assetOf(join(dir, name))], options, run)
    assert.equal(await readFile(made?.path ?? '', 'utf8'), 'one')
    // The last of them has waited for the password.
    assert.match(seen.at(-1) ?? '', /7zz/)
    const given = [...seen, ...run.spawned.flatMap(({ args }) => args)]
    assert.ok(!given.some((text) => text.includes('secret')))
  })
}

test('a RAR with a password says what is needed to open it, and its password reaches no argument', async (t) => {
  for (const bytes of [rars.encrypted, rars.encryptedHeaders]) {
    const run = contents(t, { 'a.rar': bytes }, { archivePassword: 'password' })
    // A 7zz with the codec of RAR opens it.
    const outcome = await run.then(
      ({ made }) => made.length > 0,
      (thrown: { code: string }) => thrown.code,
    )
    assert.ok(outcome === true || outcome === 'process.unsupported', String(outcome))
  }
})

test('what is damaged is called so, and leaves nothing behind', async (t) => {
  const whole = zipOf([{ name: 'a', content: Buffer.alloc(3000, 'abc') }])
  const flipped = Buffer.from(whole).fill(0xff, 36, 44)
  for (const [name, bytes] of [
    ['cut.zip', whole.subarray(0, 60)],
    ['flipped.zip', flipped],
    ['cut.tar.gz', gzipSync(tarOf(members)).subarray(0, 100)],
    ['cut.7z', Buffer.concat([Buffer.from('377abcaf271c0004', 'hex'), Buffer.alloc(100)])],
    ['cut.rar', rars.folders.subarray(0, 200)],
  ] as const) {
    const dir = await scratch(t)
    await writeFile(join(dir, name), bytes)
    const run = localRun<unknown>(await folderAt(dir, 'run'))
    await assert.rejects(
      extract.process([await assetOf(join(dir, name))], extract.options.parse({}), run),
      (thrown: { code: string; message: string }) => {
        assert.equal(thrown.code, 'process.broken', `${name}: ${thrown.message}`)
        assert.ok(!thrown.message.includes(dir), thrown.message)
        return true
      },
    )
    assert.deepEqual(await readdir(run.dir), [], name)
  }
})

test('the archive goes on too when asked to', async (t) => {
  const { made, assets } = await contents(t, { 'a.zip': zipOf(members) }, { original: 'keep' })
  assert.deepEqual(made.length, 3)
  assert.equal(made[0], assets[0])
})

test('archives inside are opened only when asked to, with their folder in the name', async (t) => {
  const inner = gzipSync(tarOf([{ name: 'deep.txt', content: 'dee' }]))
  const outer = zipOf([
    { name: 'in/inner.tar.gz', content: inner },
    { name: 'top.txt', content: 'top' },
  ])
  assert.deepEqual(
    (await contents(t, { 'a.zip': outer })).made.map(({ name }) => name),
    ['in - inner.tar.gz', 'top.txt'],
  )
  assert.deepEqual((await contents(t, { 'a.zip': outer }, { nested: true })).read, [
    ['top.txt', 'top'],
    ['in - inner - deep.txt', 'dee'],
  ])
})

test('no right of an archive survives', async (t) => {
  const tar = tarOf([
    { name: 'suid', content: 'x', mode: 0o104777 },
    { name: 'locked', content: 'x', mode: 0o100000 },
  ])
  const { made } = await contents(t, { 'a.tar': tar })
  assert.equal(made.length, 2)
  for (const { path } of made) assert.equal((await lstat(path)).mode & 0o7777, 0o644)
})

test('names that are no text in any encoding come out', async (t) => {
  const { made } = await contents(t, { 'a.tar': tarOf([{ name: Buffer.from([0xff, 0xfe, 0x41]), content: 'x' }]) })
  assert.equal(made.length, 1)
  assert.match(made[0]?.name ?? '', /A$/)
})

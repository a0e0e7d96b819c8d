import assert from 'node:assert/strict'
import { access, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { tarOf, zipOf, type Member } from '#test/fakes/archives.ts'
import { assetOf } from '#test/conformance/processor.ts'
import { folderAt, localRun, scratch } from '#test/fakes/local-run.ts'
import { rars } from '#test/fakes/rars.ts'
import { extract } from './processor.ts'
import { watched } from './watch.ts'

/** Unpacks one file in `dir/a/b/run`; what lies in `dir` afterwards tells whether anything got out. */
async function attack(t: TestContext, name: string, bytes: Buffer, options = {}) {
  const dir = await scratch(t)
  await writeFile(join(dir, name), bytes)
  const run = localRun<unknown>(await folderAt(dir, 'a', 'b', 'run'))
  const before = await outside(dir)
  const asset = await assetOf(join(dir, name))
  const outcome = await extract.process([asset], extract.options.parse(options), run).then(
    (made) => ({ made, code: '', says: '' }),
    (thrown: { code: string; message: string }) => ({ made: [], code: thrown.code, says: thrown.message }),
  )
  assert.deepEqual(await outside(dir), before, 'nothing lies outside')
  if (outcome.code !== '') assert.deepEqual(await readdir(run.dir), [], 'scratch is clean')
  return { ...outcome, run }
}

async function outside(dir: string): Promise<string[]> {
  const all = await readdir(dir, { recursive: true })
  return all.filter((path) => !path.startsWith('a/b/run/')).toSorted()
}

const link = (name: string, target: string): Member => ({ name, content: target, target, mode: 0o120777 })
const zipLink = link
const tarLink = (name: string, target: string): Member => ({ name, target, mode: 0o120777 })

for (const name of ['../../evil', 'x/../../../evil', '/tmp/jackdaw-evil', 'C:\\evil', '..\\..\\evil', '\\evil']) {
  for (const [format, make] of [
    ['zip', zipOf],
    ['tar', tarOf],
  ] as const) {
    test(`${format}: the entry ${name} refuses the whole archive`, async (t) => {
      const { code, says } = await attack(
        t,
        `a.${format}`,
        make([
          { name: 'ok', content: 'x' },
          { name, content: 'x' },
        ]),
      )
      assert.equal(code, 'process.unsafe')
      assert.match(says, /was not unpacked: .*(leads out of its folder|NUL)/)
      await assert.rejects(access('/tmp/jackdaw-evil'))
    })
  }
}

for (const [title, name, bytes] of [
  ['tar: a file through a link', 'a.tar', tarOf([tarLink('d', '../../..'), { name: 'd/evil', content: 'x' }])],
  ['tar: a file through a link inside', 'a.tar', tarOf([tarLink('d', 'e'), { name: 'd/evil', content: 'x' }])],
  ['tar: a file first, then a link over it', 'a.tar', tarOf([{ name: 'd/evil', content: 'x' }, tarLink('d', '..')])],
  ['tar: a link to a secret', 'a.tar', tarOf([tarLink('passwd', '/etc/passwd')])],
  ['tar: a hard link to a secret', 'a.tar', tarOf([{ name: 'passwd', target: '/etc/passwd', isHard: true }])],
  ['tar.gz: the same, packed', 'a.tar.gz', gzipSync(tarOf([tarLink('passwd', '/etc/passwd')]))],
  ['rar: a file through a link', 'a.rar', rars.climbing],
  ['zip: a file through a link', 'a.zip', zipOf([zipLink('d', '..'), { name: 'd/evil', content: 'x' }])],
] as const) {
  test(`${title} is refused`, async (t) => {
    assert.equal((await attack(t, name, bytes)).code, 'process.unsafe')
  })
}

test('links and devices that harm nobody are left out', async (t) => {
  const tar = tarOf([
    { name: 'file', content: 'x' },
    tarLink('link', 'file'),
    { name: 'null', mode: 0o020666 },
    { name: 'pipe', mode: 0o010666 },
    { name: 'hard', target: 'file', isHard: true },
  ])
  assert.deepEqual(
    (await attack(t, 'a.tar', tar)).made.map(({ name }) => name),
    ['file'],
  )
  // A zip says only inside where its links lead.
  const zip = zipOf([zipLink('link', '/etc/passwd'), { name: 'file', content: 'x' }])
  assert.deepEqual(
    (await attack(t, 'a.zip', zip)).made.map(({ name }) => name),
    ['file'],
  )
})

test('a link whose name hides in a line break is not made into a file', async (t) => {
  const tar = tarOf([{ name: 'file', content: 'x' }, tarLink('a\nb', 'file')])
  assert.deepEqual(
    (await attack(t, 'a.tar', tar)).made.map(({ name }) => name),
    ['file'],
  )
})

test('names that are options, lists, wildcards or nothing are only names', async (t) => {
  const names = ['-rf', '@/etc/passwd', '*', '-o..', '--', 'a\nb', ' ', '!x', 'con', 'x'.repeat(250)]
  const { made, code, says } = await attack(t, 'a.tar', tarOf(names.map((name) => ({ name, content: 'x' }))))
  assert.equal(code, '', says)
  assert.equal(made.length, names.length)
  assert.ok(made.every(({ name }) => !/^[-.]|[/\\*@\n]/.test(name.replace('@', ''))))
  // The same with a link among them, which makes 7zz read a list of names.
  const listed = await attack(t, 'a.tar', tarOf([tarLink('l', 'x'), ...names.map((name) => ({ name, content: 'x' }))]))
  assert.ok(listed.made.length >= names.length - 2)
})

test('an entry with an overlong name is refused with a reason', async (t) => {
  assert.match((await attack(t, 'a.zip', zipOf([{ name: 'x'.repeat(300), content: 'x' }]))).says, /more than 255 bytes/)
})

const zeros = Buffer.alloc(120 * 1024 * 1024)
const packedZeros = gzipSync(zeros)

test('parts that differ only in their case are blamed on the archive, not on the house', async (t) => {
  const nested = zipOf([
    { name: 'a.7z.001', content: 'x' },
    { name: 'A.7z.001', content: 'y' },
  ])
  const { code, says } = await attack(t, 'a.zip', nested, { nested: true })
  assert.equal(code, 'process.broken')
  assert.match(says, /a\.7z\.001 is there twice/i)
})

test('a plain bomb is refused before it is unpacked', async (t) => {
  const { code, says, run } = await attack(t, 'bomb.zip', zipOf([{ name: 'zeros', content: 'x', lie: zeros.length }]))
  assert.equal(code, 'process.unsafe')
  assert.match(says, /250 times its size/)
  assert.deepEqual(
    run.spawned.map(({ args }) => args[0]),
    ['l'],
  )
})

test('a bomb whose members share their bytes is refused before it is unpacked', async (t) => {
  const content = Buffer.alloc(4 * 1024 * 1024)
  const members = [
    { name: '0', content },
    ...Array.from({ length: 40 }, (_, at) => ({ name: `${at + 1}`, content, at: 0 })),
  ]
  assert.equal((await attack(t, 'bomb.zip', zipOf(members))).code, 'process.unsafe')
})

test('a stream of unknown length is stopped at the limit', async (t) => {
  for (const [name, bytes] of [
    ['bomb.gz', packedZeros],
    ['bomb.tar.zst', zstdCompressSync(tarOf([{ name: 'zeros', content: zeros }]))],
    ['two.gz', Buffer.concat([gzipSync('x'), packedZeros])],
  ] as const) {
    const { code, says } = await attack(t, name, bytes)
    assert.equal(code, 'process.unsafe', says)
  }
  const small = await attack(t, 'a.gz', gzipSync(Buffer.alloc(5_000_000, 'ab')), { totalBytes: '1m' })
  assert.match(small.says, /more than 1048576 bytes/)
})

test('an archive that lies about its sizes gets nothing out', async (t) => {
  const { made, code } = await attack(
    t,
    'lie.zip',
    zipOf([{ name: 'zeros', content: Buffer.alloc(1_000_000), lie: 10 }]),
  )
  assert.deepEqual([made, code], [[], 'process.broken'])
})

test('too many entries are refused while they are listed', async (t) => {
  const many = zipOf(Array.from({ length: 300 }, (_, at) => ({ name: `${at}` })))
  assert.match((await attack(t, 'many.zip', many, { entries: 100 })).says, /more than 100 entries/)
})

test('a file that is too large is refused, in an archive and alone', async (t) => {
  const content = Buffer.alloc(3000)
  assert.equal((await attack(t, 'a.zip', zipOf([{ name: 'x', content }]), { maxBytes: 2999 })).code, 'process.unsafe')
  assert.equal((await attack(t, 'a.gz', gzipSync(content), { maxBytes: 2999 })).code, 'process.unsafe')
  assert.equal((await attack(t, 'b.gz', gzipSync(content), { maxBytes: 3000 })).code, '')
})

test('a nested bomb counts as one', async (t) => {
  const layer = zipOf(Array.from({ length: 8 }, (_, at) => ({ name: `${at}.bin`, content: Buffer.alloc(2_000_000) })))
  const bomb = zipOf(Array.from({ length: 16 }, (_, at) => ({ name: `${at}.zip`, content: layer })))
  assert.equal((await attack(t, 'bomb.zip', bomb)).made.length, 16)
  const { code, says } = await attack(t, 'bomb.zip', bomb, { nested: true, totalBytes: '50m' })
  assert.equal(code, 'process.unsafe')
  assert.match(says, /more than 52428800 bytes/)
})

test('archives are opened three deep and no deeper', async (t) => {
  let bytes: Buffer = Buffer.from('core')
  for (let depth = 0; depth < 3; depth++)
    bytes = zipOf([{ name: depth === 0 ? 'core.txt' : `${depth}.zip`, content: bytes }])
  assert.equal((await attack(t, 'a.zip', bytes, { nested: true })).made[0]?.name, 'core.txt')
  const deeper = zipOf([{ name: '3.zip', content: bytes }])
  const { code, says } = await attack(t, 'a.zip', deeper, { nested: true })
  assert.equal(code, 'process.unsafe')
  assert.match(says, /lies in 3 archives/)
})

test('a program that writes more than was said is stopped', async (t) => {
  const dir = await scratch(t)
  const out = await folderAt(dir, 'out')
  const run = localRun<unknown>(dir)
  const limits = { entries: 100, bytes: 50_000_000, fileBytes: undefined, ratio: 250 }
  const unpacking = { name: 'a.zip', packed: 1e9, limits, spent: { entries: 0, bytes: 0 }, run }
  const endless = await run.spawn('sh', ['-c', 'yes > x'], { cwd: out })
  await assert.rejects(watched(endless, out, unpacking), {
    code: 'process.unsafe',
    message: /more than 50000000 bytes/,
  })
  assert.throws(() => process.kill(endless.pid, 0), { code: 'ESRCH' })
  const folder = await folderAt(out, 'd')
  const quick = await run.spawn('sh', ['-c', 'for at in $(seq 200); do : > d/$at; done'], { cwd: out })
  await assert.rejects(watched(quick, folder, unpacking), { code: 'process.unsafe', message: /100 entries/ })
})

test('an abort while it unpacks leaves nothing behind', async (t) => {
  const dir = await scratch(t)
  await writeFile(join(dir, 'a.gz'), packedZeros)
  const abort = new AbortController()
  const reason = new Error('cancelled')
  const run = localRun<unknown>(await folderAt(dir, 'run'), {
    signal: abort.signal,
    onReport: () => abort.abort(reason),
  })
  const options = extract.options.parse({ ratio: 100_000 })
  await assert.rejects(extract.process([await assetOf(join(dir, 'a.gz'))], options, run), reason)
  assert.deepEqual(await readdir(run.dir), [])
})

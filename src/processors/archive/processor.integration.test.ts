import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { processorSuite } from '#test/conformance/processor.ts'
import { asset, folderAt, localRun, scratch } from '#test/fakes/local-run.ts'
import { watchedArguments } from '#test/fakes/watched-arguments.ts'
import { archive } from './processor.ts'

const sh = promisify(execFile)

processorSuite('archive', archive, 'song.mp3', { takesAny: true, writesNames: true })

/** Two files of one name and one more, of 300 kB together. */
async function inputs(t: TestContext) {
  const dir = await scratch(t)
  await writeFile(join(dir, 'x'), Buffer.alloc(100_000, 'one '))
  await writeFile(join(dir, 'y'), Buffer.alloc(100_000, 'two '))
  await writeFile(join(dir, 'z'), Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * at * 31) >> 3)))
  const assets = [
    await asset(join(dir, 'x'), { name: 'a ü.txt', type: 'text/plain' }),
    await asset(join(dir, 'y'), { name: 'a ü.txt', type: 'text/plain' }),
    await asset(join(dir, 'z'), { name: '@list *.bin' }),
  ]
  return { dir, assets, run: localRun<unknown>(await folderAt(dir, 'run')) }
}

const names = ['_list _.bin', 'a ü (2).txt', 'a ü.txt']

for (const [format, unpack] of [
  ['zip', ['python3', '-m', 'zipfile', '-e']],
  ['7z', undefined],
  ['tar', ['tar', 'xf']],
  ['tar.gz', ['tar', 'xzf']],
  ['tar.zst', ['tar', '--zstd', '-xf']],
] as const) {
  test(`${format}: other programs read what is written`, async (t) => {
    const { dir, assets, run } = await inputs(t)
    const made = await archive.process(assets, archive.options.parse({ format, title: 'All' }), run)
    assert.deepEqual(
      made.map(({ name }) => name),
      [`All.${format}`],
    )
    const to = await folderAt(dir, 'out')
    const [tool, ...args] = unpack ?? ['7zz', 'x', '-y', `-o${to}`]
    const path = made[0]?.path ?? ''
    await sh(tool ?? '', tool === 'python3' ? [...args, path, to] : [...args, path], { cwd: to })
    const found = (await readdir(to)).toSorted()
    assert.deepEqual(
      found.map((name) => name.replace('@', '_').replace('*', '_')),
      names,
    )
    assert.equal((await readFile(join(to, 'a ü (2).txt'))).toString('latin1', 0, 4), 'two ')
    assert.equal(run.reports.at(-1)?.of, 300_000)
  })
}

for (const format of ['zip', '7z', 'tar.gz'] as const) {
  test(`${format}: volumes are no larger than asked, and together they are the archive`, async (t) => {
    const { dir, assets, run } = await inputs(t)
    const options = archive.options.parse({ format, name: 'v', level: 0, volumeBytes: 65_536 })
    const made = await archive.process([...assets, ...assets], options, run)
    assert.ok(made.length > 1)
    assert.deepEqual(
      made.map(({ name }) => name),
      made.map((_, at) => `v.${format}.${String(at + 1).padStart(3, '0')}`),
    )
    assert.ok(made.every(({ bytes }) => bytes <= 65_536))
    const whole = join(dir, `whole.${format}`)
    await writeFile(whole, Buffer.concat(await Promise.all(made.map(({ path }) => readFile(path)))))
    await sh('7zz', ['t', whole])
  })
}

for (const [format, hidesNames, archivePassword] of [
  ['zip', false, 'pa55 "word" $x -p'],
  ['7z', true, 'pä55 "wörd" $x -p'],
] as const) {
  test(`${format}: the password opens it, and stands in no argument of any process`, async (t) => {
    const { dir, assets } = await inputs(t)
    const { run, seen } = watchedArguments(localRun<unknown>(await folderAt(dir, 'run')))
    const [made] = await archive.process(assets, archive.options.parse({ format, archivePassword }), run)
    assert.equal(seen.length, 1)
    assert.match(seen[0] ?? '', /7zz/)
    assert.ok(![...seen, ...run.spawned.flatMap(({ args }) => args)].some((text) => text.includes('55 ')))
    const path = made?.path ?? ''
    await sh('7zz', ['t', `-p${archivePassword}`, path])
    await assert.rejects(sh('7zz', ['t', '-pwrong', path]))
    const listed = await sh('7zz', ['l', '-slt', '-pwrong', path]).catch((thrown: { stdout: string }) => thrown)
    assert.equal(/Path = .*\.bin/.test(listed.stdout), !hidesNames)
    if (!hidesNames) assert.match(listed.stdout, /AES-256/)
  })
}

test('a failure leaves nothing behind', async (t) => {
  const { dir, assets, run } = await inputs(t)
  const [one] = assets
  assert.ok(one)
  const gone = { ...one, path: join(dir, 'gone') }
  await assert.rejects(archive.process([one, gone], archive.options.parse({}), run), { code: 'process.failed' })
  assert.deepEqual(await readdir(run.dir), [])
})

test('without a password nothing is called encrypted', async (t) => {
  const { assets, run } = await inputs(t)
  await assert.rejects(archive.process(assets, archive.options.parse({ encrypt: true }), run), {
    code: 'input.invalid',
  })
})

test('more volumes than can be numbered are refused', async (t) => {
  const { assets, run } = await inputs(t)
  const huge = assets.map((one) => ({ ...one, bytes: 1e12 }))
  await assert.rejects(archive.process(huge, archive.options.parse({ volumeBytes: '64k' }), run), {
    code: 'input.invalid',
  })
})

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { processorSuite } from '#test/conformance/processor.ts'
import { asset, localRun, scratch } from '#test/fakes/local-run.ts'
import { checksum } from './processor.ts'

processorSuite('checksum', checksum, 'song.mp3', { takesAny: true, writesNames: true })

test('the lists are what coreutils checks files by', async (t) => {
  const dir = await scratch(t)
  await writeFile(join(dir, 'a b.txt'), 'one')
  await writeFile(join(dir, 'é.bin'), Buffer.alloc(3_000_000, 7))
  const assets = [await asset(join(dir, 'a b.txt')), await asset(join(dir, 'é.bin'))]
  const run = localRun<unknown>(dir)
  const results = await checksum.process(assets, { algorithms: ['sha256', 'md5', 'sha1', 'sha512'] }, run)
  assert.deepEqual(
    results.map(({ name }) => name),
    ['a b.txt', 'é.bin', 'SHA256SUMS', 'MD5SUMS', 'SHA1SUMS', 'SHA512SUMS'],
  )
  for (const name of ['sha256', 'md5', 'sha1', 'sha512']) {
    await promisify(execFile)(`${name}sum`, ['--check', '--strict', `${name.toUpperCase()}SUMS`], { cwd: dir })
  }
  assert.deepEqual(run.reports.at(-1), { unit: 'bytes', done: 3_000_003, of: 3_000_003 })
})

test('SHA-256 alone reads no file again', async (t) => {
  const dir = await scratch(t)
  await writeFile(join(dir, 'a'), 'one')
  const one = await asset(join(dir, 'a'), { sha256: 'f'.repeat(64) })
  await checksum.process([{ ...one, path: join(dir, 'gone') }], { algorithms: ['sha256'] }, localRun(dir))
  assert.equal(await readFile(join(dir, 'SHA256SUMS'), 'utf8'), `${'f'.repeat(64)}  a\n`)
})

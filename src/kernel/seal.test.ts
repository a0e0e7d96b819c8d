import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import * as fc from 'fast-check'
import { isFault } from '@jackdaw/contract/faults.ts'
import { keyFromFile, sealWith } from '#kernel/seal.ts'

const key = Buffer.alloc(32, 7)
const refused = (thrown: unknown) => isFault(thrown, 'input.config')

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'seal-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

test('any JSON value comes back as it was, and no two sealed texts are equal', () => {
  const seal = sealWith([key])
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (value, about) => {
      const sealed = seal.seal(value, about)
      assert.deepEqual(JSON.stringify(seal.open(sealed, about)), JSON.stringify(value))
      assert.notEqual(sealed, seal.seal(value, about))
    }),
  )
})

test('nothing of the value can be read in the sealed text', () => {
  assert.doesNotMatch(
    Buffer.from(sealWith([key]).seal('hunter2').split('.')[2] ?? '', 'base64url').toString('latin1'),
    /hunter2/,
  )
})

test('another key is named as such', () => {
  const sealed = sealWith([randomBytes(32)]).seal('x')
  assert.throws(
    () => sealWith([key]).open(sealed),
    (thrown) => refused(thrown) && /earlier key/.test(String(thrown)),
  )
})

test('an earlier key still opens what it sealed', () => {
  const earlier = randomBytes(32)
  assert.equal(sealWith([key, earlier]).open(sealWith([earlier]).seal('x')), 'x')
})

test('a sealed text that was changed anywhere, cut, or moved elsewhere does not open', () => {
  const seal = sealWith([key])
  const sealed = seal.seal({ user: 'bob' }, 'job 1')
  for (let at = 0; at < sealed.length; at++) {
    const other = sealed[at] === 'A' ? 'B' : 'A'
    const changed = sealed.slice(0, at) + other + sealed.slice(at + 1)
    // The last character of base64url may hold bits that stand for nothing.
    if (at < sealed.length - 1) assert.throws(() => seal.open(changed, 'job 1'), refused, `at ${at}`)
    assert.throws(() => seal.open(sealed.slice(0, at), 'job 1'), refused, `cut at ${at}`)
  }
  assert.throws(() => seal.open(sealed, 'job 2'), refused)
})

test('a key file is made once, for its owner only, also by many at once', async (t) => {
  const dir = await folder(t)
  const path = join(dir, 'new/secret.key')
  const keys = await Promise.all(Array.from({ length: 8 }, () => keyFromFile(path)))
  assert.equal(new Set(keys.map((made) => Buffer.from(made).toString('hex'))).size, 1)
  assert.deepEqual(await readdir(join(dir, 'new')), ['secret.key'])
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(await keyFromFile(path), await readFile(path))
})

test('a damaged key file is refused rather than replaced', async (t) => {
  const path = join(await folder(t), 'secret.key')
  await writeFile(path, 'short')
  await assert.rejects(keyFromFile(path), refused)
  assert.equal(await readFile(path, 'utf8'), 'short')
})

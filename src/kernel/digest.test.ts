import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { digestFile } from '#kernel/digest.ts'

test('the digest of a file is the SHA-256 of its bytes', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'digest-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  await writeFile(join(dir, 'abc'), 'abc')
  // The vector of FIPS 180-2, appendix B.1.
  const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  assert.equal(await digestFile(join(dir, 'abc')), expected)
  await assert.rejects(digestFile(join(dir, 'absent')), { code: 'ENOENT' })
  await assert.rejects(digestFile(join(dir, 'abc'), { signal: AbortSignal.abort() }), { name: 'AbortError' })
})

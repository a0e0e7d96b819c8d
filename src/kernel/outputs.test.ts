import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { scratch } from '#test/fakes/local-run.ts'
import { withOutputs } from './outputs.ts'

const { signal } = new AbortController()

test('outputs stay when the work is done, and go when it fails', async (t) => {
  const dir = await scratch(t)
  const path = await withOutputs({ dir, signal }, async (at) => {
    await writeFile(at('a'), 'whole')
    return at('a')
  })
  assert.equal(path, join(dir, 'a'))
  assert.ok(existsSync(path))
  const failed = withOutputs({ dir, signal }, async (at) => {
    await writeFile(at('b'), 'half')
    at('never written')
    throw new Error('no')
  })
  await assert.rejects(failed, /^Error: no$/)
  assert.ok(!existsSync(join(dir, 'b')))
  assert.ok(existsSync(path), 'what others wrote stays')
})

test('work that was aborted before does not begin, and a folder that nobody needs is not asked for', async () => {
  const run = {
    get dir(): string {
      throw new Error('asked')
    },
    signal,
  }
  assert.equal(await withOutputs(run, async () => 1), 1)
  const aborted = { dir: '/x', signal: AbortSignal.abort(new Error('stop')) }
  await assert.rejects(
    withOutputs(aborted, async () => assert.fail('it began')),
    /^Error: stop$/,
  )
})

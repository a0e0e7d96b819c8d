import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { processorSuite } from '#test/conformance/processor.ts'
import { asset, localRun, scratch } from '#test/fakes/local-run.ts'
import { rename } from './processor.ts'

processorSuite('rename', rename, 'song.mp3', { takesAny: true, options: { template: 'song {index}' } })

test('the new asset is the same file, and keeps what is known of it', async (t) => {
  const dir = await scratch(t)
  await writeFile(join(dir, 'a.mp4'), 'one')
  const one = { ...(await asset(join(dir, 'a.mp4'))), facts: { height: 720 } }
  const run = localRun<unknown>(dir)
  const [made] = await rename.process([one], rename.options.parse({ template: '{height}p' }), run)
  assert.equal(made?.path, one.path)
  assert.equal(made?.name, '720p.mp4')
  assert.notEqual(made?.id, one.id)
  assert.deepEqual(run.notes[0]?.facts, { height: 720 })
})

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { processorSuite } from '#test/conformance/processor.ts'
import { asset, localRun, scratch } from '#test/fakes/local-run.ts'
import { filter } from './processor.ts'

processorSuite('filter', filter, 'song.mp3', { takesAny: true })

test('when nothing passes the step says so', async (t) => {
  const dir = await scratch(t)
  await writeFile(join(dir, 'a.txt'), 'one')
  const one = await asset(join(dir, 'a.txt'))
  const options = filter.options.parse({ keep: ['mp4'] })
  await assert.rejects(filter.process([one], options, localRun(dir)), {
    code: 'process.failed',
    message: /the only file is filtered out/,
  })
  await assert.rejects(filter.process([one, one], options, localRun(dir)), { message: /all 2 files/ })
})

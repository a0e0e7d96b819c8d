import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join as joinPath } from 'node:path'
import { test } from 'node:test'
import { assetOf } from '#test/conformance/processor.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { join } from './processor.ts'

async function parts(dir: string, ...names: string[]) {
  return Promise.all(
    names.map(async (name, index) => {
      const path = joinPath(dir, `${index}.part`)
      await writeFile(path, `part ${index} `)
      return await assetOf(path, { name })
    }),
  )
}

test('only numbered parts are taken, and other files pass', async (t) => {
  const dir = await scratch(t)
  const [a, b, c] = await parts(dir, 'x.txt.001', 'x.txt.002', 'y.001')
  assert.ok(a && b && c)
  assert.equal(join.accepts({ ...a, name: 'x.txt' }), false)
  const made = await join.process([b, c, a], {}, localRun(dir))
  assert.deepEqual(
    made.map(({ name, bytes, type }) => [name, bytes, type]),
    [
      ['x.txt', 14, 'text/plain'],
      ['y.001', 7, c.type],
    ],
  )
})

test('a name that climbs stays a name', async (t) => {
  const dir = await scratch(t)
  const [made] = await join.process(await parts(dir, '../../x.001', '../../x.002'), {}, localRun(dir))
  assert.doesNotMatch(made?.name ?? '/', /[/\\]/)
  assert.ok(made?.path.startsWith(dir))
})

test('an abort leaves nothing', async (t) => {
  const dir = await scratch(t)
  const assets = await parts(dir, 'x.001', 'x.002')
  const abort = new AbortController()
  const run = localRun(dir, { signal: abort.signal, onReport: () => abort.abort(new Error('cancelled')) })
  await assert.rejects(join.process(assets, {}, run), /cancelled/)
  assert.deepEqual((await readdir(dir)).length, 2)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { clip, seen } from '#test/fakes/clips.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { sample } from '#test/fakes/media.ts'
import { contactSheet } from './processor.ts'

processorSuite('contact-sheet', contactSheet, 'tiny.mp4', { options: { columns: 2, rows: 1, cellWidth: 64 } })

async function sheet(t: Parameters<typeof scratch>[0], path: (dir: string) => Promise<string>, options: object) {
  const dir = await scratch(t)
  const one = await assetOf(await path(dir))
  const run = localRun(dir)
  const [film, made = assert.fail()] = await contactSheet.process([one], contactSheet.options.parse(options), run)
  assert.equal(film, one)
  return { made, run, ...(await seen(made.path)) }
}

test('a grid of sixteen moments is drawn in one start', async (t) => {
  const { made, run, width, height } = await sheet(t, (dir) => clip(dir, 'x.mp4'), {})
  assert.equal(made.name, 'x.sheet.jpg')
  assert.deepEqual([width, height], [4 * 320 + 5 * 4, 4 * 180 + 5 * 4])
  assert.equal(run.spawned.filter(({ tool }) => tool === 'ffmpeg').length, 1)
})

test('cells have the shape of the film as it is shown', async (t) => {
  const { width, height } = await sheet(t, (dir) => sample(dir, 'wide.mkv'), { columns: 2, rows: 1, cellWidth: 64 })
  assert.deepEqual([width, height], [2 * 64 + 3 * 4, 24 + 2 * 4])
})

test('times are drawn, unless they are not wanted', async (t) => {
  const path = (dir: string) => clip(dir, 'x.mp4')
  const drawn = await sheet(t, path, {})
  const plain = await sheet(t, path, { times: false })
  assert.notEqual(drawn.made.sha256, plain.made.sha256)
})

test('a long film is seen at its key frames', async (t) => {
  const long = (dir: string) => clip(dir, 'x.mp4', { seconds: 50, size: '32x18', keyEvery: 5 })
  const { run } = await sheet(t, long, { columns: 2, rows: 2, cellWidth: 32 })
  assert.ok(run.spawned.at(-1)?.args.includes('nokey'))
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { clip, seen } from '#test/fakes/clips.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { sample } from '#test/fakes/media.ts'
import { screenshots } from './processor.ts'

processorSuite('screenshots', screenshots, 'tiny.mp4', { options: { count: 2 } })

test('as many pictures as asked for, each another moment, in one start', async (t) => {
  const dir = await scratch(t)
  // One key frame only: an input that is sought to key frames would show the same picture ten times.
  const one = await assetOf(await clip(dir, 'x.mp4', { keyEvery: 9 }))
  const run = localRun(dir)
  const [film, ...made] = await screenshots.process([one], screenshots.options.parse({}), run)
  assert.equal(film, one)
  assert.deepEqual(
    made.map(({ name }) => name),
    Array.from({ length: 10 }, (_, index) => `x.${String(index + 1).padStart(2, '0')}.jpg`),
  )
  assert.equal(new Set(made.map(({ sha256 }) => sha256)).size, 10)
  assert.deepEqual([(await seen(made[3]?.path ?? '')).width, made[3]?.type], [160, 'image/jpeg'])
  assert.equal(run.spawned.filter(({ tool }) => tool === 'ffmpeg').length, 1)
})

test('pixels that are not square are made so', async (t) => {
  const dir = await scratch(t)
  const one = await assetOf(await sample(dir, 'wide.mkv'))
  const [, made] = await screenshots.process([one], screenshots.options.parse({ count: 1 }), localRun(dir))
  const { width, height } = await seen(made?.path ?? '')
  assert.deepEqual([width, height], [128, 48])
})

test('a song has none', async (t) => {
  const dir = await scratch(t)
  const one = await assetOf(await sample(dir, 'covered.mp3'))
  assert.deepEqual(await screenshots.process([one], screenshots.options.parse({}), localRun(dir)), [one])
})

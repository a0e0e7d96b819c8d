import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { clip, plays, seen } from '#test/fakes/clips.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { sample } from './processor.ts'

processorSuite('sample', sample, 'tiny.mp4', { options: { totalSeconds: 1, partSeconds: 0.5 } })

test('a sample is as long as asked for, plays, and stands beside the film', async (t) => {
  const dir = await scratch(t)
  const one = await assetOf(await clip(dir, 'x.mp4', { seconds: 20 }))
  const run = localRun(dir)
  const options = sample.options.parse({ totalSeconds: 4, partSeconds: 1 })
  const [film, made = assert.fail()] = await sample.process([one], options, run)
  assert.equal(film, one)
  assert.equal(made.name, 'x.sample.mp4')
  const { seconds, codecs } = await seen(made.path)
  assert.ok(Math.abs(seconds - 4) < 0.3, String(seconds))
  assert.deepEqual(codecs, ['h264', 'aac'])
  await plays(made.path)
  assert.equal(run.spawned.filter(({ tool }) => tool === 'ffmpeg').length, 1)
})

test('a film that is shorter than its sample has none, and neither has a song', async (t) => {
  const dir = await scratch(t)
  const film = await assetOf(await clip(dir, 'x.mp4', { seconds: 2 }))
  const song = await assetOf(await clip(dir, 'x.mp3', { seconds: 70, video: 'none', audio: 'mp3' }))
  assert.deepEqual(await sample.process([film, song], sample.options.parse({}), localRun(dir)), [film, song])
})

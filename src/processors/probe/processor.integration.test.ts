import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { sample } from '#test/fakes/media.ts'
import type { Sample } from '#test/fakes/media.ts'
import { probe } from './processor.ts'

processorSuite('probe', probe, 'video.mp4')

async function factsOfSample(t: Parameters<typeof scratch>[0], kind: Sample) {
  const dir = await scratch(t)
  const run = localRun(dir)
  await probe.process([await assetOf(await sample(dir, kind))], { strict: true }, run)
  return run.notes[0]?.facts
}

test('a video has container, duration, size, streams and tags', async (t) => {
  const facts = await factsOfSample(t, 'video.mp4')
  assert.equal(facts?.container, 'mp4')
  assert.ok(Math.abs((facts?.durationSeconds ?? 0) - 4) < 0.2)
  assert.deepEqual([facts?.width, facts?.height], [640, 360])
  assert.ok((facts?.bitrate ?? 0) > 1000)
  assert.deepEqual(
    facts?.streams?.map(({ kind, codec }) => [kind, codec]),
    [
      ['video', 'h264'],
      ['audio', 'aac'],
    ],
  )
  assert.equal(facts?.streams?.[0]?.framesPerSecond, 10)
  assert.deepEqual([facts?.streams?.[1]?.channels, facts?.streams?.[1]?.sampleRate], [1, 44_100])
  assert.equal(facts?.tags?.['title'], 'Test')
})

test('what is known is not read again', async (t) => {
  const dir = await scratch(t)
  const asset = await assetOf(await sample(dir, 'song.mp3'))
  const first = localRun(dir)
  await probe.process([asset], { strict: true }, first)
  const run = localRun(dir)
  const known = { ...asset, facts: first.notes[0]?.facts ?? {} }
  assert.deepEqual(await probe.process([known], { strict: true }, run), [known])
  assert.deepEqual([first.spawned.length, run.spawned.length], [1, 0])
})

test('a song has no size, and its cover is an attachment', async (t) => {
  const facts = await factsOfSample(t, 'covered.mp3')
  assert.equal(facts?.width, undefined)
  assert.deepEqual(
    facts?.streams?.map(({ kind }) => kind),
    ['audio', 'attachment'],
  )
})

test('a picture has a size and no duration', async (t) => {
  for (const [kind, container, width, height] of [
    ['picture.jpg', 'jpeg', 1000, 500],
    ['small.png', 'png', 31, 17],
  ] as const) {
    const facts = await factsOfSample(t, kind)
    assert.deepEqual(
      [facts?.container, facts?.width, facts?.height, facts?.durationSeconds],
      [container, width, height, undefined],
    )
  }
})

test('a moving picture has a duration', async (t) => {
  assert.ok(((await factsOfSample(t, 'moving.gif'))?.durationSeconds ?? 0) > 0.3)
})

test('a webm is told from a matroska file', async (t) => {
  assert.equal((await factsOfSample(t, 'short.webm'))?.container, 'webm')
  assert.equal((await factsOfSample(t, 'wide.mkv'))?.container, 'matroska')
})

test('what is not media goes through without facts, unless it must be media', async (t) => {
  const dir = await scratch(t)
  await writeFile(join(dir, 'a.mp4'), 'not a video at all')
  await writeFile(join(dir, 'b.txt'), 'text')
  const assets = [await assetOf(join(dir, 'a.mp4'), { type: 'video/mp4' }), await assetOf(join(dir, 'b.txt'))]
  const run = localRun(dir)
  assert.deepEqual(await probe.process(assets, { strict: false }, run), assets)
  assert.deepEqual(run.notes, [])
  for (const one of assets) {
    await assert.rejects(probe.process([one], { strict: true }, run), (thrown) => isFault(thrown, 'process.not-media'))
  }
})

test('a file that is not there is a missing file, not a file that is no media', async (t) => {
  const dir = await scratch(t)
  const path = await sample(dir, 'song.mp3')
  const one = { ...(await assetOf(path)), path: `${path}.gone` }
  await assert.rejects(probe.process([one], { strict: false }, localRun(dir)), { code: 'ENOENT' })
})

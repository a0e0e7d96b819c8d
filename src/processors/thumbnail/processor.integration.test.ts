import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { probe } from '#processors/probe/processor.ts'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { sample } from '#test/fakes/media.ts'
import type { Sample } from '#test/fakes/media.ts'
import { thumbnail } from './processor.ts'

processorSuite('thumbnail', thumbnail, 'video.mp4')

/** The thumbnail of a sample, and the size that ffprobe finds in it. */
async function draw(t: Parameters<typeof scratch>[0], kind: Sample, options = {}, facts = {}) {
  const dir = await scratch(t)
  const run = localRun(dir)
  const one = { ...(await assetOf(await sample(dir, kind))), ...facts }
  const results = await thumbnail.process([one], thumbnail.options.parse(options), run)
  assert.deepEqual(results, [one], 'the thumbnail is not a result')
  const drawn = run.notes[0]?.thumbnail
  if (drawn === undefined) return { run, drawn: undefined, size: undefined }
  assert.equal(run.notes[0]?.asset, one.id)
  assert.equal(drawn.type, 'image/jpeg')
  assert.deepEqual([...(await readFile(drawn.path)).subarray(0, 3)], [0xff, 0xd8, 0xff])
  const look = localRun(dir)
  await probe.process([drawn], { strict: true }, look)
  return { run, drawn, size: [look.notes[0]?.facts.width, look.notes[0]?.facts.height] }
}

for (const [kind, size] of [
  ['video.mp4', [480, 270]],
  ['short.webm', [64, 64]],
  ['wide.mkv', [128, 48]],
  ['covered.mp3', [300, 200]],
  ['picture.jpg', [480, 240]],
  ['small.png', [30, 16]],
  ['moving.gif', [64, 64]],
] as const) {
  test(`${kind} gets a thumbnail of ${size.join(' × ')}`, async (t) => {
    const { drawn, size: found } = await draw(t, kind)
    assert.deepEqual(found, size)
    assert.equal(drawn?.name, `${kind.split('.')[0]}.thumb.jpg`)
  })
}

test('a moment past the end gives the first frame instead', async (t) => {
  const { run, drawn } = await draw(t, 'video.mp4', { atSeconds: 3600 })
  assert.notEqual(drawn, undefined)
  assert.equal(run.spawned.length, 2)
})

test('a video whose length is known is seen at a tenth of it, in one try', async (t) => {
  const { run } = await draw(t, 'video.mp4', {}, { facts: { durationSeconds: 4 } })
  assert.equal(run.spawned.length, 1)
  const args = run.spawned[0]?.args ?? []
  assert.equal(args[args.indexOf('-ss') + 1], '0.400')
  assert.ok(args.indexOf('-ss') < args.indexOf('-i'), 'the input is sought, not decoded')
})

test('a song without a cover stays without, and costs no process once it is probed', async (t) => {
  const { run, drawn } = await draw(t, 'song.mp3')
  assert.equal(drawn, undefined)
  assert.equal(run.spawned.length, 1)
  const probed = await draw(t, 'song.mp3', {}, { facts: { streams: [{ kind: 'audio', codec: 'mp3' }] } })
  assert.equal(probed.run.spawned.length, 0)
})

test('a cover that came with a film stands for it, unless a moment is asked for', async (t) => {
  const dir = await scratch(t)
  const film = await assetOf(await sample(dir, 'video.mp4'))
  const cover = await assetOf(await sample(dir, 'picture.jpg'), { role: 'cover' })
  for (const [options, size] of [
    [{}, [480, 240]],
    [{ atSeconds: 1 }, [480, 270]],
  ] as const) {
    const run = localRun(dir)
    assert.deepEqual(await thumbnail.process([film, cover], thumbnail.options.parse(options), run), [film, cover])
    assert.equal(run.notes.length, 1)
    assert.equal(run.notes[0]?.asset, film.id)
    const look = localRun(dir)
    const drawn = run.notes[0]?.thumbnail ?? assert.fail()
    await probe.process([drawn], { strict: true }, look)
    assert.deepEqual([look.notes[0]?.facts.width, look.notes[0]?.facts.height], size)
  }
})

test('a cover that cannot be shown is passed over', async (t) => {
  const dir = await scratch(t)
  const film = await assetOf(await sample(dir, 'video.mp4'))
  await writeFile(join(dir, 'cover.jpg'), 'no picture')
  const cover = await assetOf(join(dir, 'cover.jpg'), { type: 'image/jpeg', role: 'cover' })
  const run = localRun(dir)
  await thumbnail.process([cover, film], thumbnail.options.parse({}), run)
  assert.equal(run.notes[0]?.asset, film.id)
})

test('a thumbnail is as small as it is asked to be', async (t) => {
  assert.deepEqual((await draw(t, 'picture.jpg', { pixels: 100 })).size, [100, 50])
})

test('what is not media goes through without a thumbnail', async (t) => {
  const dir = await scratch(t)
  await writeFile(join(dir, 'a.mp4'), 'not a video at all')
  const run = localRun(dir)
  const one = await assetOf(join(dir, 'a.mp4'), { type: 'video/mp4' })
  assert.deepEqual(await thumbnail.process([one], { pixels: 480 }, run), [one])
  assert.deepEqual(run.notes, [])
})

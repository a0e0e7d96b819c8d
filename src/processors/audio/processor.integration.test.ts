import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { clip, plays, seen, type ClipHow } from '#test/fakes/clips.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { sample } from '#test/fakes/media.ts'
import { audio } from './processor.ts'

processorSuite('audio', audio, 'tiny.mp4')

async function sound(t: Parameters<typeof scratch>[0], name: string, how: ClipHow, options: object) {
  const dir = await scratch(t)
  const run = localRun(dir)
  const one = await assetOf(await clip(dir, name, { seconds: 1, ...how }))
  const [made = assert.fail('nothing came')] = await audio.process([one], audio.options.parse(options), run)
  await plays(made.path)
  return { ...(await seen(made.path)), made, run, one }
}

test('the sound of a film is copied into the container made for it', async (t) => {
  for (const [name, how, expected] of [
    ['x.mp4', {}, ['x.m4a', 'aac']],
    ['x.webm', { video: 'vp9', audio: 'opus' }, ['x.opus', 'opus']],
    ['x.mkv', { audio: 'mp3' }, ['x.mp3', 'mp3']],
    ['x.mkv', { audio: 'flac' }, ['x.flac', 'flac']],
  ] as const) {
    const { made, codecs, run, tags } = await sound(t, name, { ...how, more: ['-metadata', 'title=Song'] }, {})
    assert.deepEqual([made.name, ...codecs], expected)
    assert.match(made.type, /^audio\//)
    assert.equal(tags['title'] ?? tags['TITLE'], 'Song')
    const ffmpeg = run.spawned.filter(({ tool }) => tool === 'ffmpeg')
    assert.equal(ffmpeg.length, 1)
    assert.ok(ffmpeg[0]?.args.includes('copy'))
  }
})

test('another format is encoded, with the bitrate that is asked for', async (t) => {
  for (const format of ['mp3', 'm4a', 'opus', 'flac', 'wav']) {
    const from = format === 'm4a' ? 'mp3' : 'aac'
    const { made, seconds } = await sound(t, 'x.mkv', { audio: from, video: 'none' }, { format, bitrate: 64 })
    assert.equal(made.name, `x.${format}`)
    assert.ok(Math.abs(seconds - 1) < 0.2)
  }
})

test('tags go from an Ogg file into others', async (t) => {
  const { tags } = await sound(
    t,
    'x.opus',
    { video: 'none', audio: 'opus', more: ['-metadata', 'artist=Me'] },
    { format: 'mp3' },
  )
  assert.equal(tags['artist'], 'Me')
})

test('a song keeps its cover where the container can have one', async (t) => {
  const dir = await scratch(t)
  const one = await assetOf(await sample(dir, 'covered.mp3'))
  for (const [format, covers] of [
    ['m4a', 1],
    ['flac', 1],
    ['opus', 0],
  ] as const) {
    const [made] = await audio.process([one], audio.options.parse({ format }), localRun(dir))
    assert.equal((await seen(made?.path ?? '')).covers, covers, format)
  }
})

test('a song that is in the format already passes as it is', async (t) => {
  for (const [name, codec] of [
    ['x.mp3', 'mp3'],
    ['x.m4a', 'aac'],
    ['x.opus', 'opus'],
  ] as const) {
    const { made, one } = await sound(t, name, { video: 'none', audio: codec }, {})
    assert.equal(made, one)
  }
})

test('a file without sound is said to be so', async (t) => {
  await assert.rejects(sound(t, 'x.mp4', { audio: 'none' }, {}), /x\.mp4 has no sound/)
  await assert.rejects(sound(t, 'x.mp4', {}, { track: 2 }), /x\.mp4 has no sound number 2/)
})

test('what is not media is said to be so', async (t) => {
  const dir = await scratch(t)
  await writeFile(join(dir, 'a.mp3'), 'no song')
  const one = await assetOf(join(dir, 'a.mp3'), { type: 'audio/mpeg' })
  await assert.rejects(audio.process([one], audio.options.parse({}), localRun(dir)), (thrown) =>
    isFault(thrown, 'process.not-media'),
  )
})

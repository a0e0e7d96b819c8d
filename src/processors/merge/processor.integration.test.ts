import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { clip, plays, seen, type ClipHow } from '#test/fakes/clips.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { merge } from './processor.ts'

processorSuite('merge', merge, 'tiny.mp4', { beside: ['song.mp3'] })

const tracks = merge.options.parse({})
const concat = merge.options.parse({ mode: 'concat' })

async function merged(t: Parameters<typeof scratch>[0], options: typeof tracks, ...clips: [string, ClipHow][]) {
  const dir = await scratch(t)
  const assets = await Promise.all(clips.map(async ([name, how]) => assetOf(await clip(dir, name, how))))
  const run = localRun(dir)
  const made = await merge.process(assets, options, run)
  assert.equal(made.length, 1)
  const [one = assert.fail('nothing came')] = made
  await plays(one.path)
  return { ...(await seen(one.path)), name: one.name, run }
}

test('picture and sound become an mp4, whichever comes first, by copy in one go', async (t) => {
  const film = await merged(
    t,
    tracks,
    ['x.m4a', { video: 'none', seconds: 2 }],
    ['The Film.mp4', { audio: 'none', seconds: 2 }],
  )
  assert.deepEqual(film.codecs, ['h264', 'aac'])
  assert.equal(film.name, 'The Film.mp4')
  assert.ok(Math.abs(film.seconds - 2) < 0.2)
  const args = film.run.spawned.filter(({ tool }) => tool === 'ffmpeg')
  assert.equal(args.length, 1)
  assert.ok(args[0]?.args.includes('copy'))
  assert.ok(film.run.reports.length > 0)
})

test('vp9 and opus become a webm', async (t) => {
  const film = await merged(
    t,
    tracks,
    ['v.webm', { video: 'vp9', audio: 'none', seconds: 1 }],
    ['a.webm', { video: 'none', audio: 'opus', seconds: 1 }],
  )
  assert.equal(film.name, 'v.webm')
  assert.deepEqual(film.codecs, ['vp9', 'opus'])
})

test('codecs that are at home nowhere together become an mkv, or what is asked for', async (t) => {
  const pair: [string, ClipHow][] = [
    ['v.mp4', { audio: 'none', seconds: 1 }],
    ['a.opus', { video: 'none', audio: 'opus', seconds: 1 }],
  ]
  assert.equal((await merged(t, tracks, ...pair)).name, 'v.mkv')
  assert.equal((await merged(t, { ...tracks, container: 'mp4' }, ...pair)).name, 'v.mp4')
  assert.equal((await merged(t, { ...tracks, container: 'webm' }, ...pair)).name, 'v.mkv', 'it cannot hold h264')
})

test('further sounds come along with the languages of their names', async (t) => {
  const film = await merged(
    t,
    tracks,
    ['v.mp4', { seconds: 1 }],
    ['v.de.m4a', { video: 'none', seconds: 1 }],
    ['v.pt-BR.m4a', { video: 'none', seconds: 1 }],
  )
  assert.deepEqual(film.codecs, ['h264', 'aac', 'aac', 'aac'])
  assert.deepEqual(film.languages.slice(2), ['ger', 'por'])
})

test('a sound that is longer than the picture is not cut', async (t) => {
  const film = await merged(
    t,
    tracks,
    ['v.mp4', { audio: 'none', seconds: 1 }],
    ['a.m4a', { video: 'none', seconds: 3 }],
  )
  assert.ok(Math.abs(film.seconds - 3) < 0.2)
})

test('one file alone passes as it is', async (t) => {
  const dir = await scratch(t)
  const one = await assetOf(await clip(dir, 'a.mp4', { seconds: 1 }))
  assert.deepEqual(await merge.process([one], tracks, localRun(dir)), [one])
})

test('two pictures are not two tracks', async (t) => {
  const pair: [string, ClipHow][] = [
    ['a.mp4', { seconds: 1 }],
    ['b.mp4', { seconds: 1 }],
  ]
  await assert.rejects(merged(t, tracks, ...pair), /a\.mp4 and b\.mp4 both have a picture/)
})

test('clips of equal codecs are put one after another by copy', async (t) => {
  const film = await merged(t, concat, ['a.mp4', { seconds: 2 }], ['b.mp4', { seconds: 3, tone: 800 }])
  assert.ok(Math.abs(film.seconds - 5) < 0.2, String(film.seconds))
  assert.equal(film.name, 'a.mp4')
})

test('clips that differ are refused, or encoded anew when that is asked for', async (t) => {
  const pair: [string, ClipHow][] = [
    ['a.mp4', { seconds: 1 }],
    ['b.webm', { seconds: 2, video: 'vp9', audio: 'opus', size: '80x80' }],
  ]
  await assert.rejects(merged(t, concat, ...pair), /are not alike.*h264|h264.*are not alike/)
  const film = await merged(t, { ...concat, reencode: true }, ...pair)
  assert.ok(Math.abs(film.seconds - 3) < 0.3, String(film.seconds))
  assert.deepEqual([film.width, film.height], [160, 90])
})

test('a file that is not media is said to be so, and nothing is left', async (t) => {
  const dir = await scratch(t)
  const film = await assetOf(await clip(dir, 'a.mp4', { seconds: 1 }))
  await writeFile(join(dir, 'b.mp4'), 'ffconcat version 1.0\nfile a.mp4\n')
  const text = await assetOf(join(dir, 'b.mp4'), { type: 'video/mp4' })
  const before = await readdir(dir)
  await assert.rejects(merge.process([film, text], concat, localRun(dir)), (thrown) =>
    isFault(thrown, 'process.not-media'),
  )
  // As an earlier step would have it that was deceived.
  const facts = { container: 'mp4', durationSeconds: 1, streams: [{ kind: 'video' as const, codec: 'h264' }] }
  const known = [
    { ...film, facts },
    { ...text, facts },
  ]
  await assert.rejects(merge.process(known, concat, localRun(dir)), (thrown) => isFault(thrown, 'process.failed'))
  assert.deepEqual(await readdir(dir), before)
})

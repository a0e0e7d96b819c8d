import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { clip, plays, seen } from '#test/fakes/clips.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { remux } from './processor.ts'

processorSuite('remux', remux, 'tiny.mp4', { options: { container: 'mkv' } })

test('a film changes its container, and streams, languages and chapters come along', async (t) => {
  const dir = await scratch(t)
  await writeFile(join(dir, 'x.srt'), '1\n00:00:00,000 --> 00:00:01,000\nhello\n')
  const chapters = ';FFMETADATA1\ntitle=Film\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=2\ntitle=One\n'
  await writeFile(join(dir, 'x.txt'), chapters)
  const inputs = ['-i', join(dir, 'x.srt'), '-f', 'ffmetadata', '-i', join(dir, 'x.txt')]
  const maps = ['-map_metadata', '3', '-map', '0', '-map', '1', '-map', '2', '-c:s', 'subrip']
  const tags = ['-metadata:s:1', 'language=ger', '-metadata:s:2', 'language=fre']
  const path = await clip(dir, 'full.mkv', { inputs, more: [...maps, ...tags] })
  const run = localRun(dir)
  const [made] = await remux.process([await assetOf(path)], { container: 'mp4' }, run)
  const film = await seen(made?.path ?? '')
  assert.equal(made?.name, 'full.mp4')
  assert.equal(made?.type, 'video/mp4')
  assert.deepEqual(film.codecs.slice(0, 3), ['h264', 'aac', 'mov_text'])
  assert.deepEqual(film.languages.slice(1, 3), ['ger', 'fre'])
  assert.deepEqual(film.chapters, ['One'])
  assert.equal(film.tags['title'], 'Film')
  assert.deepEqual(
    run.spawned.map(({ tool }) => tool),
    ['ffprobe', 'ffmpeg'],
  )
  await plays(made?.path ?? '')
})

test('a codec that does not fit is said, nothing is made', async (t) => {
  const dir = await scratch(t)
  const one = await assetOf(await clip(dir, 'a.mp4', { seconds: 1 }))
  const before = await readdir(dir)
  await assert.rejects(remux.process([one], { container: 'webm' }, localRun(dir)), (thrown) => {
    assert.match(String(thrown), /webm cannot hold h264, aac/)
    return isFault(thrown, 'process.failed')
  })
  assert.deepEqual(await readdir(dir), before)
})

test('what is in the container already, and what has no picture, passes as it is', async (t) => {
  const dir = await scratch(t)
  const film = await assetOf(await clip(dir, 'a.mp4', { seconds: 1 }))
  const song = await assetOf(await clip(dir, 'a.mp3', { seconds: 1, video: 'none', audio: 'mp3' }))
  assert.deepEqual(await remux.process([film, song], { container: 'mp4' }, localRun(dir)), [film, song])
})

test('two films of one name do not meet', async (t) => {
  const dir = await scratch(t)
  const one = await assetOf(await clip(dir, 'a.mkv', { seconds: 1 }), { name: 'x.mkv' })
  const two = await assetOf(await clip(dir, 'b.mkv', { seconds: 2 }), { name: 'x.mkv' })
  const made = await remux.process([one, two], { container: 'mp4' }, localRun(dir))
  const lengths = await Promise.all(made.map(async ({ path }) => Math.round((await seen(path)).seconds)))
  assert.deepEqual(lengths, [1, 2])
})

test('what is no media at all is said to be so', async (t) => {
  const dir = await scratch(t)
  await writeFile(join(dir, 'a.mp4'), 'not a video')
  const one = await assetOf(join(dir, 'a.mp4'), { type: 'video/mp4' })
  await assert.rejects(remux.process([one], { container: 'mkv' }, localRun(dir)), (thrown) =>
    isFault(thrown, 'process.not-media'),
  )
})

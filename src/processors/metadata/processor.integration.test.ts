import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { clip, plays, seen, type ClipHow } from '#test/fakes/clips.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { sample } from '#test/fakes/media.ts'
import { metadata } from './processor.ts'

async function coverIn(dir: string, name = 'cover.jpg') {
  const path = join(dir, name)
  const still = ['-f', 'lavfi', '-i', 'testsrc=size=64x48', '-frames:v', '1', '-update', '1']
  await promisify(execFile)('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...still, path])
  return await assetOf(path, { role: 'cover' })
}

processorSuite('metadata', metadata, 'tiny.mp4', { options: { title: 'A' }, beside: [(dir) => coverIn(dir)] })

const kinds = [
  ['x.mp4', {}],
  ['x.mkv', {}],
  ['x.m4a', { video: 'none' }],
  ['x.mp3', { video: 'none', audio: 'mp3' }],
  ['x.flac', { video: 'none', audio: 'flac' }],
  ['x.opus', { video: 'none', audio: 'opus' }],
] as const satisfies readonly (readonly [string, ClipHow])[]

for (const [name, how] of kinds) {
  test(`tags and cover go into ${name}, what is not named stays, nothing is encoded`, async (t) => {
    const dir = await scratch(t)
    const film = await assetOf(
      await clip(dir, name, { ...how, seconds: 1, more: ['-metadata', 'artist=Old', '-metadata', 'genre=Jazz'] }),
    )
    const run = localRun(dir)
    const options = metadata.options.parse({
      title: 'T=;#\\ "é',
      artist: 'New',
      date: '2026-11-20',
      track: 7,
      comment: 'c',
    })
    const made = await metadata.process([film, await coverIn(dir)], options, run)
    assert.equal(made.length, 1, 'the cover is inside')
    const look = await seen(made[0]?.path ?? '')
    const tag = (key: string) => look.tags[key] ?? look.tags[key.toUpperCase()]
    assert.deepEqual(['title', 'artist', 'date', 'genre', 'comment'].map(tag), [
      'T=;#\\ "é',
      'New',
      '2026-11-20',
      'Jazz',
      'c',
    ])
    assert.equal(Number(tag('track')), 7)
    assert.equal(look.covers, 1)
    assert.equal(made[0]?.name, name)
    await plays(made[0]?.path ?? '')
    assert.equal(run.spawned.filter(({ tool }) => tool === 'ffmpeg').length, 1)
  })
}

test('a webp becomes a JPEG on the way, and takes the place of the cover that was there', async (t) => {
  const dir = await scratch(t)
  const cover = await coverIn(dir, 'cover.webp')
  const songs = [
    await sample(dir, 'covered.mp3'),
    await clip(dir, 'x.opus', { video: 'none', audio: 'opus', seconds: 1 }),
  ]
  for (const path of songs) {
    const [made] = await metadata.process([await assetOf(path), cover], metadata.options.parse({}), localRun(dir))
    const look = await seen(made?.path ?? '')
    assert.equal(look.covers, 1)
    assert.deepEqual([look.codecs[1], look.width], ['mjpeg', 64])
  }
})

test('chapters are written', async (t) => {
  const dir = await scratch(t)
  for (const name of ['x.mp4', 'x.mkv']) {
    const film = await assetOf(await clip(dir, name))
    const chapters = [
      { title: 'One', from: 0 },
      { title: 'Two; = #', from: '0:02' },
    ]
    const [made] = await metadata.process([film], metadata.options.parse({ chapters }), localRun(dir))
    assert.deepEqual((await seen(made?.path ?? '')).chapters, ['One', 'Two; = #'])
  }
})

test('everything that is written in a file is removed, but for languages', async (t) => {
  const dir = await scratch(t)
  await writeFile(join(dir, 'c.txt'), ';FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=2\ntitle=Secret\n')
  const secret = ['-metadata', 'title=Secret', '-metadata', 'comment=Secret', '-metadata', 'location=Secret']
  const more = ['-map', '0', '-map', '1', ...secret, '-metadata:s', 'title=Secret', '-metadata:s:1', 'language=ger']
  for (const name of ['x.mp4', 'x.mkv']) {
    const inputs = ['-f', 'ffmetadata', '-i', join(dir, 'c.txt')]
    const film = await assetOf(await clip(dir, name, { inputs, more: [...more, '-map_chapters', '2'] }))
    const [made] = await metadata.process([film], metadata.options.parse({ strip: true }), localRun(dir))
    const { stdout } = await promisify(execFile)('grep', ['-c', 'Secret', made?.path ?? '']).catch((e) => e)
    assert.equal(String(stdout).trim(), '0', name)
    assert.equal((await seen(made?.path ?? '')).languages[1], 'ger')
  }
  const song = await assetOf(await sample(dir, 'covered.mp3'))
  const [bare] = await metadata.process([song], metadata.options.parse({ strip: true, title: 'Only' }), localRun(dir))
  const look = await seen(bare?.path ?? '')
  assert.deepEqual([look.covers, look.tags['title']], [0, 'Only'])
})

test('without anything to do all pass, and a cover that has no place passes too', async (t) => {
  const dir = await scratch(t)
  const film = await assetOf(await clip(dir, 'x.webm', { video: 'vp9', audio: 'opus', seconds: 1 }))
  const cover = await coverIn(dir)
  assert.deepEqual(await metadata.process([film, cover], metadata.options.parse({}), localRun(dir)), [film, cover])
  const run = localRun(dir)
  assert.deepEqual(await metadata.process([film], metadata.options.parse({ title: '' }), run), [film])
  assert.equal(run.spawned.length, 0)
})

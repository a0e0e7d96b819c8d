import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { clip, plays, seen, type ClipHow } from '#test/fakes/clips.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { subtitles } from './processor.ts'

const words = '1\n00:00:00,500 --> 00:00:01,500\nHello <script>alert(1)</script><b>you</b>\n'

async function text(dir: string, name: string, content: string | Buffer = words) {
  await writeFile(join(dir, name), content)
  return await assetOf(join(dir, name), { role: 'subtitle' })
}

processorSuite('subtitles', subtitles, 'tiny.mp4', { beside: [(dir) => text(dir, 'beside.en.srt')] })

for (const [name, how, codec] of [
  ['x.mp4', {}, 'mov_text'],
  ['x.mkv', {}, 'subrip'],
  ['x.webm', { video: 'vp9', audio: 'opus' }, 'webvtt'],
  ['x.ts', {}, 'subrip'],
] as const satisfies readonly (readonly [string, ClipHow, string])[]) {
  test(`subtitles become tracks of ${name} with their languages, by copy`, async (t) => {
    const dir = await scratch(t)
    const film = await assetOf(await clip(dir, name, { ...how, seconds: 2 }))
    const all = [film, await text(dir, 'x.en.srt'), await text(dir, 'x.pt-BR.vtt', `WEBVTT\n\n${words}`)]
    const run = localRun(dir)
    const made = await subtitles.process(all, subtitles.options.parse({}), run)
    assert.equal(made.length, 1)
    const look = await seen(made[0]?.path ?? '')
    assert.deepEqual(look.codecs.slice(2), [codec, codec])
    assert.deepEqual(look.languages.slice(2), ['eng', 'por'])
    assert.equal(made[0]?.name, name === 'x.ts' ? 'x.mkv' : name)
    await plays(made[0]?.path ?? '')
    const { stdout } = await promisify(execFile)('ffmpeg', [
      '-v',
      'error',
      '-i',
      made[0]?.path ?? '',
      '-map',
      '0:s:0',
      '-f',
      'srt',
      '-',
    ])
    assert.match(stdout, /00:00:00,5\d\d --> 00:00:01,5\d\d/)
    assert.match(stdout, /Hello <b>you<\/b>/)
  })
}

test('files beside the film have the format asked for, and the time', async (t) => {
  const dir = await scratch(t)
  const film = await assetOf(await clip(dir, 'x.mp4', { seconds: 1 }))
  const options = subtitles.options.parse({ as: 'files', format: 'vtt', offsetSeconds: 2 })
  const run = localRun(dir)
  const [same, made] = await subtitles.process([film, await text(dir, 'x.en.srt')], options, run)
  assert.equal(same, film)
  assert.deepEqual([made?.name, made?.type, made?.role], ['x.en.vtt', 'text/vtt', 'subtitle'])
  assert.equal(await readFile(made?.path ?? '', 'utf8'), 'WEBVTT\n\n00:00:02.500 --> 00:00:03.500\nHello <b>you</b>\n')
  assert.equal(run.spawned.length, 0)
})

test('files beside a film that was cut take its name', async (t) => {
  const dir = await scratch(t)
  const film = await assetOf(await clip(dir, 'x (0m00s-0m01s).mp4', { seconds: 1 }))
  const options = subtitles.options.parse({ as: 'files', ranges: [{ from: 0, to: 1 }] })
  const made = await subtitles.process([film, await text(dir, 'x.en.srt')], options, localRun(dir))
  assert.deepEqual(
    made.map(({ name }) => name),
    ['x (0m00s-0m01s).mp4', 'x (0m00s-0m01s).en.srt'],
  )
})

test('of several films each gets its own, and what belongs to none stays beside', async (t) => {
  const dir = await scratch(t)
  const films = [
    await assetOf(await clip(dir, 'a.mp4', { seconds: 1 })),
    await assetOf(await clip(dir, 'b.mp4', { seconds: 1 })),
  ]
  const texts = [await text(dir, 'b.en.srt'), await text(dir, 'c.en.srt')]
  const made = await subtitles.process([...films, ...texts], subtitles.options.parse({}), localRun(dir))
  assert.deepEqual(
    made.map(({ name }) => name),
    ['a.mp4', 'b.mp4', 'c.en.srt'],
  )
  assert.equal(made[0], films[0])
  assert.equal((await seen(made[1]?.path ?? '')).codecs.length, 3)
})

test('a page that calls itself subtitles is left out', async (t) => {
  const dir = await scratch(t)
  const film = await assetOf(await clip(dir, 'x.mp4', { seconds: 1 }))
  const page = await text(dir, 'x.en.srt', '<html><script>alert(1)</script></html>')
  assert.deepEqual(await subtitles.process([film, page], subtitles.options.parse({}), localRun(dir)), [film])
})

test('subtitles are drawn into the picture when that is asked for', async (t) => {
  const dir = await scratch(t)
  const film = await assetOf(await clip(dir, 'x.mp4', { seconds: 1 }))
  const [made] = await subtitles.process(
    [film, await text(dir, "it's: x.srt")],
    subtitles.options.parse({ burn: true }),
    localRun(dir),
  )
  assert.notEqual(made?.sha256, film.sha256)
  assert.deepEqual((await seen(made?.path ?? '')).codecs, ['h264', 'aac'])
})

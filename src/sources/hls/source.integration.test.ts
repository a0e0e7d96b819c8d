import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { Media } from '@jackdaw/contract/nouns/media.ts'
import { sourceConformance } from '#test/conformance/source.ts'
import { TestRun } from '#test/fakes/run.ts'
import { StreamSite } from '#test/fakes/stream/stream.ts'
import { cases } from './cases.ts'
import { hls } from './source.ts'

let site: StreamSite
before(async () => void (site = await StreamSite.start()))
after(async () => await site[Symbol.asyncDispose]())

sourceConformance(hls, cases, () => site.url('plain'))

for (const link of ['https://example.org/film.mp4', 'https://example.org/m3u8', 'https://example.org/x?list=x.m3u8']) {
  test(`${link} is not claimed by its text, and asked for when it turned out to be a playlist`, () => {
    assert.equal(hls.claims({ kind: 'url', text: link }), 0)
    assert.ok(hls.types?.includes('application/vnd.apple.mpegurl'))
  })
}

async function resolve(link: string, options: Parameters<typeof hls.resolve>[1] = {}): Promise<Media> {
  await using run = await TestRun.start()
  return Media.parse(await hls.resolve({ kind: 'url', text: link }, options, run))
}

test('the variants of a master are choices, best first, then each sound alone', async () => {
  const { choices = [], about } = await resolve(site.url('master'))
  assert.deepEqual(
    choices.map(({ id, kind, height, language, videoCodec, audioCodec }) => [
      id,
      kind,
      height,
      language,
      videoCodec,
      audioCodec,
    ]),
    [
      ['180p-400k', 'video', 180, 'en', 'h264', 'aac'],
      ['90p-200k', 'video', 90, 'en', 'h264', 'aac'],
      ['audio-en', 'audio', undefined, 'en', undefined, 'aac'],
      ['audio-de', 'audio', undefined, 'de', undefined, 'aac'],
    ],
  )
  assert.equal(Math.round(about?.durationSeconds ?? 0), 6)
  const [best] = choices
  assert.deepEqual([best?.isEstimate, Math.round((best?.bytes ?? 0) / 10_000)], [true, 30])
  assert.equal(best?.parts.length, 1)
})

test('the sound is in the language that is wanted', async () => {
  const { choices = [] } = await resolve(site.url('master'), { language: ['fr', 'de'] })
  const [best] = choices
  assert.equal(best?.language, 'de')
  assert.match(JSON.stringify(best?.parts[0]?.request['also']), /german/)
  assert.equal(choices.find(({ kind }) => kind === 'audio')?.language, 'de')
})

test('subtitles are offered apart', async () => {
  const { subtitles = [] } = await resolve(site.url('master'))
  assert.deepEqual(
    subtitles.map(({ language, automatic, part }) => [language, automatic, part.name, part.role]),
    [['en', false, `${new URL(site.origin).hostname}.en.vtt`, 'subtitle']],
  )
})

test('one list of segments is one part, named after its folder', async () => {
  const { title, parts, choices, about } = await resolve(site.url('plain'))
  assert.deepEqual([title, parts[0]?.name, parts[0]?.transport, choices], ['plain', 'plain.mp4', 'hls', undefined])
  assert.ok(Math.abs((about?.durationSeconds ?? 0) - 6) < 0.1)
})

test('a list without an end is live', async () => {
  const { about } = await resolve(site.live('show'))
  assert.deepEqual(about, { isLive: true })
})

test('a list of songs is left to others', async () => {
  const link = site.text('/songs.m3u', 'one.mp3\ntwo.mp3\n', 'audio/x-mpegurl')
  await assert.rejects(resolve(link), (error) => isFault(error, 'source.declined'))
})

test('a master whose variant is a master again is refused', async () => {
  const link = site.text('/circle.m3u8', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\ncircle.m3u8\n')
  await assert.rejects(resolve(link), (error) => isFault(error, 'source.malformed'))
})

test('variants of the same size and rate have different names', async () => {
  const line = '#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=640x360\nplain/index.m3u8\n'
  const { choices = [] } = await resolve(site.text('/twins.m3u8', `#EXTM3U\n${line}${line}`))
  assert.deepEqual(
    choices.map(({ id }) => id),
    ['360p-1000k', '360p-1000k-2'],
  )
})

test('a variant that is lost does not hide the others', async () => {
  const line = '#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=640x360\n'
  const { about } = await resolve(site.text('/lost.m3u8', `#EXTM3U\n${line}nowhere.m3u8\n${line}plain/index.m3u8\n`))
  assert.equal(Math.round(about?.durationSeconds ?? 0), 6)
})

test('a name given by the person comes first, and its extension once', async () => {
  assert.equal((await resolve(site.url('plain'), { name: 'mine.mp4' })).parts[0]?.name, 'mine.mp4')
  assert.equal((await resolve(site.url('plain'), { name: 'v1.2' })).parts[0]?.name, 'v1.2.mp4')
})

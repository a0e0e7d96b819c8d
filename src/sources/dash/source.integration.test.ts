import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Media } from '@jackdaw/contract/nouns/media.ts'
import { sourceConformance } from '#test/conformance/source.ts'
import { TestRun } from '#test/fakes/run.ts'
import { dashKey, dashKid, dashStreams, makeDash } from '#test/fakes/stream/dash.ts'
import { StreamSite } from '#test/fakes/stream/stream.ts'
import { cases } from './cases.ts'
import { dash } from './source.ts'

let site: StreamSite
before(async () => {
  site = await StreamSite.start(undefined, (dir) => makeDash(join(dir, 'dash')))
})
after(async () => await site[Symbol.asyncDispose]())

sourceConformance(dash, cases, () => linkTo('number'))

function linkTo(stream: keyof typeof dashStreams): string {
  return `${site.origin}/dash/${dashStreams[stream]}`
}

async function resolve(link: string, options: Parameters<typeof dash.resolve>[1] = {}): Promise<Media> {
  await using run = await TestRun.start()
  return await dash.resolve({ kind: 'url', text: link }, options, run)
}

const codes = ({ choices }: Media) => (choices ?? []).map(({ id }) => id)

test('each picture comes with the best sound, then each sound alone, best first', async () => {
  const media = await resolve(linkTo('number'))
  assert.deepEqual(codes(media), ['v1+a2', 'v0+a2', 'a2', 'a3'])
  assert.deepEqual(
    media.choices?.map(({ kind, height, videoCodec, audioCodec, container }) => [
      kind,
      height,
      videoCodec,
      audioCodec,
      container,
    ]),
    [
      ['video', 180, 'h264', 'aac', 'mp4'],
      ['video', 90, 'h264', 'aac', 'mp4'],
      ['audio', undefined, undefined, 'aac', 'm4a'],
      ['audio', undefined, undefined, 'aac', 'm4a'],
    ],
  )
  const [best] = media.choices ?? []
  assert.equal(best?.label, '180p h264 + aac en')
  assert.equal(best.isEstimate, true)
  assert.equal(best.bytes, Math.round(((best.bitrate ?? 0) * 6) / 8))
  assert.equal(media.about?.durationSeconds, 6)
  assert.deepEqual(
    best.parts.map(({ transport, name, request }) => [transport, name, request]),
    [['dash', 'number.mp4', { url: linkTo('number'), video: '1', audio: '2' }]],
  )
})

test('the language that is preferred comes first, in three letters too', async () => {
  assert.deepEqual(codes(await resolve(linkTo('number'), { language: ['fr', 'de'] })), ['v1+a3', 'v0+a3', 'a3', 'a2'])
})

test('a choice has the same id each time, and with a token in the address as well', async () => {
  const [first, second] = [await resolve(linkTo('time')), await resolve(`${linkTo('time')}?token=2`)]
  assert.deepEqual(codes(first), codes(second))
})

test('WebM stays in its family', async () => {
  const media = await resolve(linkTo('webm'))
  assert.deepEqual(
    media.choices?.map(({ container, videoCodec, audioCodec }) => [container, videoCodec, audioCodec])[0],
    ['webm', 'vp8', 'vorbis'],
  )
})

test('encrypted streams are refused with who sells their keys, and taken with the right ids', async () => {
  await assert.rejects(
    resolve(linkTo('cenc')),
    (thrown) =>
      isFault(thrown, 'source.protected') && thrown.message.includes('Widevine') && thrown.message.includes(dashKid),
  )
  await assert.rejects(resolve(linkTo('cenc'), { keys: [{ kid: dashKey, key: dashKey }] }), (thrown) =>
    isFault(thrown, 'source.protected'),
  )
  assert.equal(codes(await resolve(linkTo('cenc'), { keys: [{ kid: dashKid.toUpperCase(), key: dashKey }] })).length, 4)
  assert.equal(codes(await resolve(linkTo('cenc'), { keys: [{ key: dashKey }] })).length, 4)
})

test('nothing but the manifest is asked for', async () => {
  const before = site.asked.length
  await resolve(linkTo('base'))
  assert.deepEqual(
    site.asked.slice(before).map(({ path }) => path),
    ['/dash/base/manifest.mpd'],
  )
})

test('a page where a manifest should be is for another source', async () => {
  const page = site.text('/dash/gone.mpd', '<!doctype html><html><body>Sorry</body></html>', 'text/html')
  await assert.rejects(
    resolve(page),
    (thrown) => isFault(thrown, 'source.declined') && thrown.facts['type'] === 'text/html',
  )
})

test('a manifest that is damaged is said to be so', async () => {
  const broken = site.text('/dash/broken.mpd', '<?xml version="1.0"?><MPD><Period></MPD>', 'application/dash+xml')
  await assert.rejects(resolve(broken), (thrown) => isFault(thrown, 'source.malformed'))
})

test('a live stream is told to be one', async () => {
  const live = site.text('/dash/live.mpd', '<MPD type="dynamic"><Period start="PT0S"/></MPD>', 'application/dash+xml')
  await assert.rejects(resolve(live), (thrown) => isFault(thrown, 'source.not-yet') && /live/.test(thrown.message))
})

test('subtitles beside the stream are offered by their languages', async () => {
  const text = (lang: string) =>
    `<AdaptationSet mimeType="text/vtt" lang="${lang}"><Representation id="t-${lang}" bandwidth="1"><BaseURL>${lang}.vtt</BaseURL></Representation></AdaptationSet>`
  const link = site.text(
    '/dash/texts.mpd',
    `<MPD mediaPresentationDuration="PT6S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="v" bandwidth="1"><BaseURL>v.mp4</BaseURL></Representation></AdaptationSet>${text('en')}${text('pt-BR')}</Period></MPD>`,
    'application/dash+xml',
  )
  const { subtitles } = await resolve(link)
  assert.deepEqual(
    subtitles?.map(({ language, part }) => [language, part.name, part.role, part.request['subtitle']]),
    [
      ['en', 'texts.en.vtt', 'subtitle', 't-en'],
      ['pt-BR', 'texts.pt-BR.vtt', 'subtitle', 't-pt-BR'],
    ],
  )
})

test('the name is the person’s, the manifest’s, or that of the place', async () => {
  assert.equal((await resolve(linkTo('number'), { name: 'Mine' })).title, 'Mine')
  assert.equal((await resolve(linkTo('number'))).title, 'number')
})

test('user and password of a link do not get into the part', async () => {
  const link = linkTo('number').replace('http://', 'http://me:secret@')
  assert.doesNotMatch(JSON.stringify(await resolve(link)), /secret/)
})

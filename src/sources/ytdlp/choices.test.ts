import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Media } from '@jackdaw/contract/nouns/media.ts'
import { choicesOf, codecName } from './choices.ts'
import { entryOf } from './entries.ts'
import { Info } from './info.ts'
import type { PartOf } from './part.ts'

const of: PartOf = {
  link: 'https://www.youtube.com/watch?v=aqz-KE-bpKQ',
  stem: 'Big Buck Bunny',
  secrets: {},
  givenAt: '2026-01-01T00:00:00.000Z',
}
const at = (id: string) => ({
  format_id: id,
  url: `https://rr1.googlevideo.com/videoplayback?itag=${id}`,
  protocol: 'https',
})
const picture = (id: string, ext: string, vcodec: string, height: number, more: object = {}) => ({
  ...at(id),
  ext,
  vcodec,
  acodec: 'none',
  height,
  width: Math.round((height * 16) / 9),
  fps: 30,
  filesize: height * 1000,
  tbr: height,
  downloader_options: { http_chunk_size: 10_485_760 },
  ...more,
})
const sound = (id: string, ext: string, acodec: string, more: object = {}) => ({
  ...at(id),
  ext,
  vcodec: 'none',
  acodec,
  filesize: 500,
  tbr: 128,
  ...more,
})

/** As YouTube answers through yt-dlp: worst first. */
const formats = [
  { ...at('sb0'), ext: 'mhtml', protocol: 'mhtml', vcodec: 'none', acodec: 'none', height: 180 },
  sound('139', 'm4a', 'mp4a.40.5', { language: 'en', language_preference: 10, tbr: 48 }),
  sound('140-0', 'm4a', 'mp4a.40.2', { language: 'de', language_preference: -1 }),
  sound('140-1', 'm4a', 'mp4a.40.2', { language: 'en', language_preference: 10 }),
  sound('251-1', 'webm', 'opus', { language: 'en', language_preference: 10 }),
  {
    ...at('18'),
    ext: 'mp4',
    vcodec: 'avc1.42001E',
    acodec: 'mp4a.40.2',
    height: 360,
    width: 640,
    fps: 30,
    filesize_approx: 9000,
  },
  picture('137', 'mp4', 'avc1.640028', 1080),
  picture('248', 'webm', 'vp09.00.40.08', 1080),
  picture('335', 'webm', 'vp09.02.41.10', 1080, { fps: 60, dynamic_range: 'HDR10' }),
  picture('303', 'webm', 'vp9', 1080, { fps: 60 }),
  picture('299', 'mp4', 'avc1.64002a', 1080, { fps: 60 }),
  picture('401', 'mp4', 'av01.0.12M.08', 2160),
  { ...picture('drm', 'mp4', 'avc1.640028', 2160), has_drm: true },
]
const choices = (languages: string[] = [], list: object[] = formats, how: PartOf = of) =>
  choicesOf(Info.parse({ id: 'x', title: 'x', duration: 60, formats: list }), languages, how)

test('pictures come with the sound that fits them, the best first, and sound alone comes last', () => {
  assert.deepEqual(
    choices().map(({ id }) => id),
    [
      '401+140-1',
      '299+140-1',
      '303+251-1',
      '335+251-1',
      '137+140-1',
      '248+251-1',
      '18',
      '251-1',
      '140-1',
      '139',
      '140-0',
    ],
  )
})

test('a choice says what it is', () => {
  const [, h264, vp9, hdr] = choices()
  assert.equal(h264?.label, '1080p60 h264 + aac en')
  assert.equal(hdr?.label, '1080p60 HDR10 vp9 + opus en')
  assert.deepEqual([h264.container, vp9?.container], ['mp4', 'webm'])
  assert.deepEqual([h264.height, h264.framesPerSecond, h264.bytes, h264.isEstimate], [1080, 60, 1_080_500, undefined])
  const muxed = choices().find(({ id }) => id === '18')
  assert.deepEqual([muxed?.bytes, muxed?.isEstimate, muxed?.parts.length], [9000, true, 1])
  const only = choices().find(({ id }) => id === '251-1')
  assert.deepEqual([only?.kind, only?.label, only?.container], ['audio', 'sound opus 128k en', 'webm'])
})

test('the language that is wanted is the language of the sound', () => {
  const all = choices(['de', 'en'])
  assert.equal(all[0]?.id, '401+140-0')
  assert.equal(all[0].language, 'de')
  assert.equal(all.find(({ kind }) => kind === 'audio')?.id, '140-0')
})

test('parts of a known size and pace are moved by our own transport', () => {
  const [part, audio] = choices()[1]?.parts ?? []
  assert.deepEqual(part, {
    transport: 'http',
    name: 'Big Buck Bunny.mp4',
    type: 'video/mp4',
    bytes: 1_080_000,
    site: 'rr1.googlevideo.com',
    givenAt: of.givenAt,
    request: {
      url: 'https://rr1.googlevideo.com/videoplayback?itag=299',
      home: of.link,
      validators: { bytes: 1_080_000 },
      chunkBytes: 10_485_760,
    },
  })
  assert.deepEqual([audio?.type, audio?.language, audio?.name], ['audio/mp4', 'en', 'Big Buck Bunny.m4a'])
})

test('what only yt-dlp can move is left to it', () => {
  const kinds: object[] = [
    { protocol: 'http_dash_segments', fragments: [{ url: 'https://a/1' }] },
    { protocol: 'websocket_frag' },
    { protocol: 'https', http_headers: { Authorization: 'Bearer hush' } },
    { protocol: 'm3u8_native', hls_aes: { key: '00' } },
    { protocol: 'https', url: 'file:///etc/passwd' },
    // Our transport for streams sends cookies to the site of the link only.
    { protocol: 'm3u8_native', cookies: 'a=1; Domain=.googlevideo.com; Path=/' },
  ]
  for (const kind of kinds) {
    const [one] = choices([], [{ ...picture('1', 'mp4', 'avc1', 720), ...kind }])
    assert.deepEqual(one?.parts[0]?.request, { link: of.link, format: '1' }, JSON.stringify(kind))
    assert.equal(one.parts[0]?.transport, 'ytdlp')
  }
})

test('a size is estimated from speed and duration where nothing else says it', () => {
  const [one] = choices([], [{ ...picture('1', 'mp4', 'avc1', 720), filesize: null, tbr: 800, acodec: 'mp4a.40.2' }])
  assert.deepEqual([one?.bytes, one?.isEstimate], [6_000_000, true])
})

test('extensions that are programs, and those that are paths, are left away', () => {
  for (const ext of ['exe', '../../x', 'm p 4', 'unknown_video']) {
    const [one] = choices([], [picture('1', ext, 'avc1', 720)])
    assert.equal(one?.parts[0]?.name, 'Big Buck Bunny', ext)
  }
})

test('codecs go by the names that people know', () => {
  for (const [long, short] of [
    ['avc1.64001F', 'h264'],
    ['hvc1.1.6.L93', 'hevc'],
    ['av01.0.05M.08', 'av1'],
    ['mp4a.40.2', 'aac'],
    ['mp4a.6B', 'mp3'],
    ['none', undefined],
    ['<script>', undefined],
  ] as const) {
    assert.equal(codecName(long), short)
  }
})

test('whatever numbers and words a site writes, what comes out can be stored', () => {
  const strange = [-1, 0.2, 1e300, 1e15, 9e15, '', '__proto__', 'constructor', 'toString', null, {}, [], true, '\0']
  const fields = [
    'ext',
    'vcodec',
    'acodec',
    'width',
    'height',
    'fps',
    'tbr',
    'filesize',
    'filesize_approx',
    'available_at',
  ]
  const about = { duration: 1e15, playlist_index: 1.5 }
  for (const field of fields) {
    for (const value of strange) {
      const formats = [
        picture('1', 'mp4', 'avc1', 720, { [field]: value }),
        { ...at('2'), vcodec: 'none', [field]: value },
      ]
      const info = Info.parse({ ...about, formats, webpage_url: of.link })
      const media = {
        title: 'x',
        source: 'x',
        parts: [],
        choices: choicesOf(info, [], of),
        entries: [entryOf(info, of.link, 1)],
      }
      assert.doesNotThrow(() => Media.parse(media), `${field} is ${JSON.stringify(value)}`)
    }
  }
})

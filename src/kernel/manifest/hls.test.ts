import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import * as fc from 'fast-check'
import { parseHls, type Master, type MediaPlaylist } from './hls.ts'

const url = new URL('https://example.org/a/list.m3u8?q=1')

function media(...lines: readonly string[]): MediaPlaylist {
  const playlist = parseHls(['#EXTM3U', '#EXT-X-TARGETDURATION:6', ...lines].join('\n'), url)
  assert.equal(playlist.kind, 'media')
  return playlist as MediaPlaylist // asserted
}

function master(...lines: readonly string[]): Master {
  const playlist = parseHls(['#EXTM3U', ...lines].join('\n'), url)
  assert.equal(playlist.kind, 'master')
  return playlist as Master // asserted
}

test('addresses come out absolute, and numbers count on from the media sequence', () => {
  const { segments } = media(
    '#EXT-X-MEDIA-SEQUENCE:7',
    '#EXTINF:5.5,x',
    '1.ts',
    '#EXTINF:6,',
    '/2.ts',
    '#EXTINF:6,',
    '//cdn.example.org/3.ts',
  )
  assert.deepEqual(
    segments.map(({ url, sequence, seconds }) => [url, sequence, seconds]),
    [
      ['https://example.org/a/1.ts', 7, 5.5],
      ['https://example.org/2.ts', 8, 6],
      ['https://cdn.example.org/3.ts', 9, 6],
    ],
  )
})

test('a list without an end is live, and one with it is not', () => {
  assert.equal(media('#EXTINF:6,', '1.ts').isEnded, false)
  assert.equal(media('#EXTINF:6,', '1.ts', '#EXT-X-ENDLIST').isEnded, true)
})

test('a range without a beginning follows the one before', () => {
  const { segments } = media('#EXT-X-BYTERANGE:100@50', '#EXTINF:6,', 'a', '#EXT-X-BYTERANGE:30', '#EXTINF:6,', 'a')
  assert.deepEqual(
    segments.map(({ range }) => range),
    [
      { from: 50, bytes: 100 },
      { from: 150, bytes: 30 },
    ],
  )
})

test('without an IV the sequence number is it, and a key holds until the next', () => {
  const { segments } = media(
    '#EXT-X-MEDIA-SEQUENCE:255',
    '#EXT-X-KEY:METHOD=AES-128,URI="k1"',
    '#EXTINF:6,',
    '1',
    '#EXTINF:6,',
    '2',
    '#EXT-X-KEY:METHOD=AES-128,URI="k2",IV=0xABCDEF',
    '#EXTINF:6,',
    '3',
    '#EXT-X-KEY:METHOD=NONE',
    '#EXTINF:6,',
    '4',
  )
  assert.deepEqual(
    segments.map(({ key }) => key && [key.url.at(-1), key.iv.replace(/^0+/, '')]),
    [['1', 'ff'], ['1', '100'], ['2', 'abcdef'], undefined],
  )
  assert.equal(segments[2]?.key?.iv.length, 32)
})

test('an initialisation holds until the next, with its range and the key of its place', () => {
  const { segments } = media(
    '#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x1',
    '#EXT-X-MAP:URI="i.mp4",BYTERANGE="720@10"',
    '#EXT-X-KEY:METHOD=NONE',
    '#EXTINF:6,',
    '1',
    '#EXT-X-DISCONTINUITY',
    '#EXT-X-MAP:URI="j.mp4"',
    '#EXTINF:6,',
    '2',
  )
  assert.deepEqual(segments[0]?.init, {
    url: 'https://example.org/a/i.mp4',
    range: { from: 10, bytes: 720 },
    key: { url: 'https://example.org/a/k', iv: '1'.padStart(32, '0') },
  })
  assert.deepEqual([segments[1]?.init?.url, segments[1]?.discontinuity], ['https://example.org/a/j.mp4', true])
})

test('a gap is told, and does not count as time', () => {
  const playlist = media('#EXTINF:6,', '1', '#EXT-X-GAP', '#EXTINF:6,', '2', '#EXTINF:6,', '3')
  assert.deepEqual(
    playlist.segments.map(({ gap }) => gap),
    [undefined, true, undefined],
  )
  assert.equal(playlist.seconds, 12)
})

test('a master has variants with their size, rate and codecs, and renditions in their groups', () => {
  const { variants, renditions } = master(
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="One, two",LANGUAGE="en-GB",DEFAULT=YES,URI="en.m3u8"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="One, two",LANGUAGE="de"',
    '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="x",LANGUAGE="fr",URI="fr.m3u8"',
    '#EXT-X-STREAM-INF:BANDWIDTH=900000,AVERAGE-BANDWIDTH=800000,RESOLUTION=1280x720,FRAME-RATE=29.97,CODECS="avc1.4d401f,mp4a.40.2",AUDIO="a",SUBTITLES="s"',
    'v.m3u8',
  )
  assert.deepEqual(variants, [
    {
      url: 'https://example.org/a/v.m3u8',
      bandwidth: 800000,
      width: 1280,
      height: 720,
      framesPerSecond: 29.97,
      codecs: ['avc1.4d401f', 'mp4a.40.2'],
      audio: 'a',
      subtitles: 's',
    },
  ])
  assert.deepEqual(
    renditions.map(({ kind, language, isDefault, url }) => [kind, language, isDefault, url?.split('/').at(-1)]),
    [
      ['audio', 'en-GB', true, 'en.m3u8'],
      ['audio', 'de', false, undefined],
      ['subtitles', 'fr', false, 'fr.m3u8'],
    ],
  )
})

test('variables are filled in: their own, those of the address, those of the master', () => {
  const own = parseHls(
    '#EXTM3U\n#EXT-X-DEFINE:NAME="host",VALUE="cdn.example.org"\n#EXT-X-DEFINE:QUERYPARAM="q"\n#EXT-X-DEFINE:IMPORT="up"\n#EXTINF:1,\nhttps://{$host}/{$q}/{$up}.ts\n',
    url,
    { up: 'there' },
  )
  assert.ok(own.kind === 'media')
  assert.equal(own.segments[0]?.url, 'https://cdn.example.org/1/there.ts')
  const { renditions, definitions } = master(
    '#EXT-X-DEFINE:NAME="x",VALUE="y"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="n",URI="{$x}.m3u8"',
    '#EXT-X-STREAM-INF:BANDWIDTH=1',
    'v',
  )
  assert.equal(renditions[0]?.url, 'https://example.org/a/y.m3u8')
  assert.deepEqual(definitions, { x: 'y' })
  assert.throws(
    () => media('#EXT-X-DEFINE:IMPORT="absent"'),
    (error) => isFault(error, 'source.malformed'),
  )
})

for (const key of [
  'METHOD=SAMPLE-AES,URI="k"',
  'METHOD=SAMPLE-AES-CTR,URI="data:text/plain;base64,AAAA",KEYFORMAT="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"',
  'METHOD=SAMPLE-AES,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery"',
  'METHOD=AES-128,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery"',
  'METHOD=UNHEARD-OF,URI="k"',
]) {
  test(`#EXT-X-KEY:${key} is protected`, () => {
    assert.throws(
      () => media(`#EXT-X-KEY:${key}`, '#EXTINF:1,', '1.ts'),
      (error) => isFault(error, 'source.protected'),
    )
  })
}

test('whatever a text says, reading it ends soon, with a playlist or with a fault', () => {
  const tag = fc.constantFrom(
    ...'EXTM3U EXTINF EXT-X-KEY EXT-X-MAP EXT-X-MEDIA EXT-X-STREAM-INF EXT-X-BYTERANGE EXT-X-DEFINE EXT-X-GAP'.split(
      ' ',
    ),
    ...'EXT-X-DISCONTINUITY EXT-X-MEDIA-SEQUENCE EXT-X-TARGETDURATION EXT-X-ENDLIST EXT-X-DATERANGE EXT-X-SKIP'.split(
      ' ',
    ),
  )
  const attribute = fc
    .tuple(
      fc.constantFrom(
        'METHOD',
        'URI',
        'IV',
        'NAME',
        'VALUE',
        'TYPE',
        'GROUP-ID',
        'BANDWIDTH',
        'BYTERANGE',
        '__proto__',
      ),
      fc.oneof(
        fc.constantFrom('AES-128', 'NONE', '0x12', '"x"', '"{$x}"', '"__proto__"', '12@3', 'AUDIO'),
        fc.string(),
      ),
    )
    .map(([name, value]) => `${name}=${value}`)
  const line = fc.oneof(
    fc.string(),
    fc.tuple(tag, fc.array(attribute, { maxLength: 5 })).map(([name, list]) => `#${name}:${list.join(',')}`),
    fc.tuple(tag, fc.string()).map(([name, rest]) => `#${name}:${rest}`),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
      const before = Object.getOwnPropertyNames(Object.prototype).length
      try {
        const playlist = parseHls(['#EXTM3U', ...lines].join('\n'), url)
        assert.ok(playlist.kind === 'master' || playlist.segments.every(({ url }) => /^https?:/.test(url)))
      } catch (error) {
        assert.ok(isFault(error, 'source.malformed', 'source.protected'), String(error))
      }
      assert.equal(Object.getOwnPropertyNames(Object.prototype).length, before)
    }),
    { numRuns: 500 },
  )
})

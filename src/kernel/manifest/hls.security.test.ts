import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { parseHls } from './hls.ts'

const url = new URL('https://example.org/list.m3u8')
const malformed = (error: unknown) => isFault(error, 'source.malformed')
const list = (...lines: readonly string[]) => ['#EXTM3U', '#EXT-X-TARGETDURATION:1', ...lines, ''].join('\n')

for (const address of [
  'file:///etc/passwd',
  'data:text/plain,x',
  'ftp://example.org/x',
  'concat:a|b',
  'javascript:x',
]) {
  for (const [where, lines] of Object.entries({
    segment: ['#EXTINF:1,', address],
    key: [`#EXT-X-KEY:METHOD=AES-128,URI="${address}"`, '#EXTINF:1,', 'a.ts'],
    map: [`#EXT-X-MAP:URI="${address}"`, '#EXTINF:1,', 'a.mp4'],
    variant: ['#EXT-X-STREAM-INF:BANDWIDTH=1', address],
    rendition: [
      `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="${address}"`,
      '#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"',
      'v',
    ],
  })) {
    test(`${address} as the address of a ${where} is refused`, () => {
      assert.throws(() => parseHls(list(...lines), url), malformed)
    })
  }
}

test('a playlist writes to no object of ours', () => {
  for (const name of ['__proto__', 'constructor', 'prototype']) {
    const media = `#EXT-X-MEDIA:TYPE=${name},GROUP-ID="${name}",NAME="polluted",URI="x"`
    const define = `#EXT-X-DEFINE:NAME="${name}",VALUE="polluted"`
    for (const type of ['AUDIO', name]) {
      const line = `#EXT-X-MEDIA:TYPE=${type},GROUP-ID="${name}",NAME="polluted",URI="x"`
      parseHls(list(media, line, '#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"', 'v'), url)
    }
    try {
      parseHls(list(define, `#EXT-X-DATERANGE:ID="${name}",X-A="b"`, '#EXTINF:1,', `{$${name}}`), url)
    } catch (error) {
      assert.ok(malformed(error))
    }
  }
  assert.equal(Reflect.get({}, 'polluted'), undefined)
  assert.equal(Reflect.get({}, 'a'), undefined)
})

test('ten million entries are refused without reading them', () => {
  const text = `#EXTM3U\n${'#EXTINF:1,\na\n'.repeat(2_700_000)}` // 32 MiB and a little
  assert.throws(() => parseHls(text, url), malformed)
})

test('more segments than a day has are refused', () => {
  assert.throws(() => parseHls(list('#EXTINF:1,\na\n'.repeat(200_001)), url), malformed)
})

test('lines that keep a parser busy are refused or passed over', () => {
  const long = 16_000
  for (const evil of [
    ','.repeat(long),
    `A=${' '.repeat(long)}"`,
    `A=${'"'.repeat(long)}`,
    `${' '.repeat(long)}A`,
    'A'.repeat(long),
    `A=${'x,'.repeat(long / 2)}`,
  ]) {
    const lines = Array.from({ length: 100 }, () => `#EXT-X-KEY:${evil}`)
    assert.throws(() => parseHls(list(...lines, '#EXTINF:1,', 'a'), url), malformed)
    parseHls(list(`#EXT-X-DATERANGE:${evil}`, '#EXTINF:1,', 'a'), url)
  }
  assert.throws(() => parseHls(list('#EXTINF:1,', 'a'.repeat(20_000)), url), malformed)
})

test('variables that grow without end are refused', () => {
  const define = `#EXT-X-DEFINE:NAME="x",VALUE="${'y'.repeat(10_000)}"`
  assert.throws(() => parseHls(list(define, '#EXTINF:1,\n{$x}\n'.repeat(100_000)), url), malformed)
  const many = Array.from({ length: 101 }, (_, index) => `#EXT-X-DEFINE:NAME="x${index}",VALUE="y"`)
  assert.throws(() => parseHls(list(...many, '#EXTINF:1,', 'a'), url), malformed)
})

for (const body of ['', '<html>', '{"error":"x"}', 'ffconcat version 1.0\nfile /etc/passwd', '\0\0\0']) {
  test(`${JSON.stringify(body)} is no playlist`, () => {
    assert.throws(() => parseHls(body, url), malformed)
  })
}

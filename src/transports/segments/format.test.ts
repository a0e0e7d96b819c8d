import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatOf } from './format.ts'

const packet = Buffer.concat([Buffer.from([0x47]), Buffer.alloc(187)])
const id3 = (length: number) => Buffer.from([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, length >> 7, length & 0x7f])
const box = (type: string) => Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(type), Buffer.alloc(16)])

const seen: readonly (readonly [string, Buffer, string | undefined])[] = [
  ['a transport stream', Buffer.concat([packet, packet, packet, packet]), 'mpegts'],
  ['one packet', packet, 'mpegts'],
  [
    'a transport stream behind a picture',
    Buffer.concat([Buffer.from('\x89PNG123'), packet, packet, packet, packet]),
    'mpegts',
  ],
  ['an initialisation', box('ftyp'), 'mov'],
  ['a fragment', box('moof'), 'mov'],
  ['Matroska', Buffer.from([0x1a, 0x45, 0xdf, 0xa3]), 'matroska'],
  ['AAC', Buffer.from([0xff, 0xf1, 0x50]), 'aac'],
  ['AAC behind a time stamp', Buffer.concat([id3(200), Buffer.alloc(200), Buffer.from([0xff, 0xf1])]), 'aac'],
  ['MP3', Buffer.from([0xff, 0xfb, 0x90]), 'mp3'],
  ['AC-3', Buffer.from([0x0b, 0x77, 0, 0, 0, 8 << 3]), 'ac3'],
  ['E-AC-3', Buffer.from([0x0b, 0x77, 0, 0, 0, 16 << 3]), 'eac3'],
  ['a list of files', Buffer.from('ffconcat version 1.0\nfile /etc/passwd\n'), undefined],
  ['a playlist', Buffer.from('#EXTM3U\n#EXT-X-TARGETDURATION:1\n'), undefined],
  ['a page', Buffer.from('<!doctype html><title>Got it</title>'), undefined],
  ['nothing', Buffer.alloc(0), undefined],
]
for (const [what, bytes, format] of seen) {
  test(`${what} is ${format ?? 'nothing for ffmpeg'}`, () => assert.equal(formatOf(bytes), format))
}

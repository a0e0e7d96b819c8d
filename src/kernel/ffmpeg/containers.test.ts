import assert from 'node:assert/strict'
import test from 'node:test'
import { carry, containerFor, containerOf, misfits, muxed, nameIn, soundContainer } from './containers.ts'
import type { Stream } from './containers.ts'

const video = (codec: string): Stream => ({ kind: 'video', codec })
const audio = (codec: string): Stream => ({ kind: 'audio', codec })

test('streams that were made apart go where they play everywhere, then where they are at home, then where all goes', () => {
  for (const [codecs, container] of [
    [['h264', 'aac'], 'mp4'],
    [['av1', 'aac'], 'mp4'],
    [['vp9', 'opus'], 'webm'],
    [['av1', 'opus'], 'webm'],
    [['h264', 'opus'], 'mkv'],
    [['vp9', 'aac'], 'mkv'],
    [['theora', 'vorbis'], 'mkv'],
  ] as const) {
    assert.equal(containerFor([video(codecs[0]), audio(codecs[1])]), container, codecs.join('+'))
  }
})

test('a sound is kept in the container that is made for it', () => {
  for (const [codec, container] of [
    ['aac', 'm4a'],
    ['alac', 'm4a'],
    ['opus', 'opus'],
    ['vorbis', 'ogg'],
    ['mp3', 'mp3'],
    ['flac', 'flac'],
    ['pcm_s16le', 'wav'],
    ['dts', 'mka'],
  ] as const) {
    assert.equal(soundContainer([audio(codec)]), container)
  }
  assert.equal(soundContainer([audio('opus'), audio('opus')]), 'mka', 'one track each but in Matroska and MP4')
  assert.equal(soundContainer([audio('aac'), audio('aac')]), 'm4a')
})

test('a container that we do not write becomes the nearest that holds its streams', () => {
  assert.equal(containerOf({ container: 'avi', streams: [video('mpeg4'), audio('mp3')] }), 'mkv')
  assert.equal(containerOf({ container: 'mp4', streams: [audio('aac')] }), 'm4a')
  assert.equal(containerOf({ container: 'ogg', streams: [audio('opus')] }), 'opus')
  assert.equal(containerOf({ container: 'mp4', streams: [video('vp8'), audio('aac')] }), 'mkv')
  assert.equal(containerOf({ container: '__proto__', streams: [audio('aac')] }), 'mka')
})

test('streams are copied; text subtitles are turned, what cannot go along is named', () => {
  const streams: Stream[] = [
    video('hevc'),
    audio('aac'),
    { kind: 'subtitle', codec: 'subrip' },
    { kind: 'subtitle', codec: 'hdmv_pgs_subtitle' },
    { kind: 'attachment', codec: 'mjpeg' },
    { kind: 'attachment', codec: 'ttf' },
    { kind: 'data', codec: 'bin_data' },
  ]
  const { args, count, left } = carry(streams, 'mp4', 1, 2)
  const maps = ['-map 1:0 -c:2 copy -tag:2 hvc1', '-map 1:1 -c:3 copy', '-map 1:2 -c:4 mov_text', '-map 1:4 -c:5 copy']
  assert.equal(args.join(' '), maps.join(' '))
  assert.equal(count, 4)
  assert.deepEqual(
    left.map(({ codec }) => codec),
    ['hdmv_pgs_subtitle', 'ttf', 'bin_data'],
  )
  assert.deepEqual(carry(streams, 'mkv').left, [streams[4], streams[6]])
})

test('sounds and pictures that do not fit are known before', () => {
  assert.deepEqual(misfits('webm', [video('h264'), audio('opus')]), [video('h264')])
  assert.deepEqual(misfits('mkv', [video('unknown')]), [video('unknown')])
  assert.deepEqual(misfits('mp3', [audio('aac'), { kind: 'subtitle', codec: 'ass' }]), [audio('aac')])
})

test('an extension that fits stays, another is replaced, and a name stays a name', () => {
  assert.equal(nameIn('mp4', 'a.M4V'), 'a.M4V')
  assert.equal(nameIn('mkv', 'a.avi'), 'a.mkv')
  assert.equal(nameIn('mp4', 'Vol. 1', ' (2)'), 'Vol. 1 (2).mp4')
  assert.equal(nameIn('mp4', '../x.mp4'), nameIn('mp4', '_x.mp4'))
  assert.ok(Buffer.byteLength(nameIn('mp4', `${'é'.repeat(200)}.mkv`, ' (1)')) <= 255)
})

test('an output is a URL of a file, whatever its path', () => {
  assert.deepEqual(muxed('mkv', '/a/-b:c').slice(-3), ['-f', 'matroska', 'file:/a/-b:c'])
})

import assert from 'node:assert/strict'
import test from 'node:test'
import { planFilm, planSound, type Shown } from './film.ts'
import { presets } from './presets.ts'

const wish = { speed: 'fast' } as const
const h264: Shown = { kind: 'video', codec: 'h264', width: 1920, height: 1080, pixels: 'yuv420p' }
const vp9: Shown = { kind: 'video', codec: 'vp9', width: 1921, height: 1081 }
const aac: Shown = { kind: 'audio', codec: 'aac' }
const opus: Shown = { kind: 'audio', codec: 'opus' }

test('what fits the preset is copied, stream by stream', () => {
  assert.deepEqual(planFilm([h264, aac], presets.mp4, wish).encoders, [])
  assert.deepEqual(planFilm([vp9, aac], presets.mp4, wish).encoders, ['libx264'])
  assert.deepEqual(planFilm([h264, opus], presets.mp4, wish).encoders, ['aac'])
  assert.deepEqual(planFilm([vp9, opus], presets.webm, wish).encoders, [])
})

test('a picture with more bits than players know is encoded', () => {
  assert.deepEqual(planFilm([{ ...h264, pixels: 'yuv420p10le' }], presets.mp4, wish).encoders, ['libx264'])
  assert.deepEqual(planFilm([{ ...h264, pixels: 'yuv420p10le' }], presets.mkv, wish).encoders, [])
})

test('a picture is made smaller and never larger, with even sides', () => {
  const filter = (height: number, stream = h264) => {
    const { args } = planFilm([stream], presets.mp4, { ...wish, height })
    return args[args.indexOf('-filter:0') + 1]
  }
  assert.equal(filter(721), 'scale=-2:720')
  assert.ok(!planFilm([h264], presets.mp4, { ...wish, height: 2160 }).args.includes('-filter:0'))
  assert.equal(filter(2160, vp9), "scale='trunc(iw/2)*2':'trunc(ih/2)*2'")
})

test('a quality that is asked for encodes what would fit', () => {
  const { args, encoders } = planFilm([h264, aac], presets.mp4, { ...wish, crf: 30 })
  assert.deepEqual(encoders, ['libx264'])
  assert.equal(args[args.indexOf('-crf:0') + 1], '30')
})

test('options are of the stream that they are meant for', () => {
  const { args } = planFilm([vp9, opus, opus], presets.mp4, { ...wish, bitrate: 96 })
  assert.equal(args[args.indexOf('-b:2') + 1], '96k')
  assert.equal(args[args.indexOf('-ac:1') + 1], '2')
  assert.ok(!args.includes('-b:a'))
})

test('of a film a preset of sounds takes the first sound alone, of a song its cover too', () => {
  const { args } = planSound([h264, aac, opus], presets.mp3, wish)
  assert.deepEqual(args.slice(0, 4), ['-map', '0:1', '-c:0', 'libmp3lame'])
  assert.ok(!args.includes('0:0') && !args.includes('0:2'))
  assert.ok(planSound([aac, { kind: 'attachment', codec: 'png' }], presets.m4a, wish).args.includes('0:1'))
})

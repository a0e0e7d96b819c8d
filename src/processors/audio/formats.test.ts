import assert from 'node:assert/strict'
import test from 'node:test'
import { planOf } from './formats.ts'

const sound = (codec: string, channels = 2) => ({ kind: 'audio' as const, codec, channels })

test('the best sound is the one that is there, in the container made for it', () => {
  assert.deepEqual(planOf({ format: 'best' }, sound('opus')), { container: 'opus', encoder: undefined, args: [] })
  assert.equal(planOf({ format: 'best', bitrate: 64 }, sound('dts')).container, 'mka')
})

test('a sound that is in the format already is copied, unless a bitrate is asked for', () => {
  assert.equal(planOf({ format: 'm4a' }, sound('aac')).encoder, undefined)
  assert.deepEqual(planOf({ format: 'm4a', bitrate: 96 }, sound('aac')).args, ['-b:a', '96k'])
  assert.equal(planOf({ format: 'flac', bitrate: 96 }, sound('flac')).encoder, undefined, 'FLAC has no bitrate')
})

test('bitrates and channels are those that the codec knows', () => {
  assert.deepEqual(planOf({ format: 'mp3', bitrate: 1000 }, sound('aac', 6)).args, ['-b:a', '320k', '-ac', '2'])
  assert.deepEqual(planOf({ format: 'flac' }, sound('aac', 6)).args, [])
})

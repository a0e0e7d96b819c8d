import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { joinVtt } from './vtt.ts'

const head = (mpegts: number, local = '00:00:00.000') => `WEBVTT\nX-TIMESTAMP-MAP=LOCAL:${local},MPEGTS:${mpegts}\n\n`

test('a cue that reaches into two segments comes out once', () => {
  const joined = joinVtt([
    `${head(900000)}00:01.000 --> 00:03.000\nOne\n\n00:03.000 --> 00:07.000 align:start\nTwo\n`,
    `${head(900000)}x1\n00:00:03.000 --> 00:00:07.000\nTwo\n\n00:00:08.000 --> 00:00:09.000\nThree\nlines\n`,
  ])
  assert.equal(
    joined,
    [
      'WEBVTT',
      '00:00:01.000 --> 00:00:03.000\nOne',
      '00:00:03.000 --> 00:00:07.000\nTwo',
      '00:00:08.000 --> 00:00:09.000\nThree\nlines\n',
    ].join('\n\n'),
  )
})

test('times of a segment are counted by its map', () => {
  const joined = joinVtt([
    `${head(900000)}00:00.000 --> 00:01.000\nOne\n`,
    `${head(900000 + 10 * 90000)}00:00.000 --> 00:01.000\nOne\n`,
    `${head(900000, '00:00:05.000')}00:00:25.500 --> 00:00:26.000\nTwo\n`,
  ])
  assert.deepEqual(joined.match(/^\d.* -->/gm), ['00:00:00.000 -->', '00:00:10.000 -->', '00:00:20.500 -->'])
})

test('the clock that begins anew goes on', () => {
  const joined = joinVtt([
    `${head(2 ** 33 - 90000)}00:00.000 --> 00:01.000\nOne\n`,
    `${head(0)}00:00.000 --> 00:01.000\nTwo\n`,
  ])
  assert.match(joined, /00:00:01\.000 --> 00:00:02\.000\nTwo/)
})

test('styles stay, notes go, and empty segments are nothing', () => {
  const joined = joinVtt([
    'WEBVTT\n\nSTYLE\n::cue { color: red }\n\nNOTE hidden\n\n00:01.000 --> 00:02.000\nOne\n',
    '',
    'WEBVTT',
  ])
  assert.equal(joined, 'WEBVTT\n\nSTYLE\n::cue { color: red }\n\n00:00:01.000 --> 00:00:02.000\nOne\n')
})

test('what is no WebVTT is said so', () => {
  assert.throws(
    () => joinVtt(['<html>']),
    (error) => isFault(error, 'source.malformed'),
  )
})

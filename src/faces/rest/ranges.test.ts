import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as holds, integer, property, string } from 'fast-check'
import { choose, parseRange } from './ranges.ts'
import type { Answer } from './ranges.ts'

const file = { size: 1000, etag: '"abc"', modified: new Date('2026-01-02T03:04:05Z') }
const whole: Answer = { kind: 'whole' }
const later = 'Fri, 02 Jan 2026 03:04:06 GMT'
const exactly = 'Fri, 02 Jan 2026 03:04:05 GMT'
const earlier = 'Fri, 02 Jan 2026 03:04:04 GMT'

test('one range is answered with its part', () => {
  for (const [header, start, end] of [
    ['bytes=0-', 0, 999],
    ['bytes=0-0', 0, 0],
    ['bytes=500-599', 500, 599],
    ['bytes=990-5000', 990, 999],
    ['bytes=-100', 900, 999],
    ['bytes=-5000', 0, 999],
    ['Bytes= 1-2', 1, 2],
  ] as const)
    assert.deepEqual(parseRange(header, 1000), { kind: 'part', start, end }, header)
})

test('a range behind the end cannot be satisfied', () => {
  for (const header of ['bytes=1000-', 'bytes=5000-6000', 'bytes=-0'])
    assert.deepEqual(parseRange(header, 1000), { kind: 'unsatisfiable' }, header)
  assert.deepEqual(parseRange('bytes=0-', 0), { kind: 'unsatisfiable' })
})

test('what is no range, several ranges and other units get the whole', () => {
  for (const header of [
    'bytes=',
    'bytes=-',
    'bytes=5-4',
    'bytes=a-b',
    'items=0-1',
    '0-1',
    'bytes=0-1,5-6',
    'bytes=0x1-2',
  ])
    assert.deepEqual(parseRange(header, 1000), whole, header)
})

test('a part lies always within the file', () => {
  holds(
    property(string({ maxLength: 40 }), integer({ min: 0, max: 10_000 }), (text, size) => {
      const answer = parseRange(`bytes=${text}`, size)
      if (answer.kind === 'part') assert.ok(answer.start >= 0 && answer.start <= answer.end && answer.end < size)
    }),
  )
  holds(
    property(integer({ min: 0, max: 2000 }), integer({ min: 0, max: 2000 }), (a, b) => {
      const answer = parseRange(`bytes=${a}-${b}`, 1000)
      if (answer.kind === 'part') assert.ok(answer.start === a && answer.end === Math.min(b, 999))
    }),
  )
})

test('If-Range keeps the range only while the validator holds strongly', () => {
  const range = 'bytes=5-'
  const part: Answer = { kind: 'part', start: 5, end: 999 }
  assert.deepEqual(choose('GET', { range, 'if-range': '"abc"' }, file), part)
  assert.deepEqual(choose('GET', { range, 'if-range': exactly }, file), part)
  for (const validator of ['"other"', 'W/"abc"', earlier, later, 'nonsense'])
    assert.deepEqual(choose('GET', { range, 'if-range': validator }, file), whole, validator)
})

test('ranges are for GET only', () => {
  assert.deepEqual(choose('HEAD', { range: 'bytes=5-' }, file), whole)
})

test('a copy that is still good is not sent again', () => {
  for (const tag of ['"abc"', 'W/"abc"', '"x", "abc"', '*'])
    assert.equal(choose('GET', { 'if-none-match': tag }, file).kind, 'unmodified')
  assert.equal(choose('GET', { 'if-none-match': '"x"', 'if-modified-since': later }, file).kind, 'whole')
  assert.equal(choose('GET', { 'if-modified-since': exactly }, file).kind, 'unmodified')
  assert.equal(choose('GET', { 'if-modified-since': earlier }, file).kind, 'whole')
})

test('a file that is not the expected one is not sent', () => {
  assert.equal(choose('GET', { 'if-match': '"x"' }, file).kind, 'failed')
  assert.equal(choose('GET', { 'if-match': 'W/"abc"' }, file).kind, 'failed')
  assert.equal(choose('GET', { 'if-match': '"abc"' }, file).kind, 'whole')
  assert.equal(choose('GET', { 'if-unmodified-since': earlier }, file).kind, 'failed')
  assert.equal(choose('GET', { 'if-unmodified-since': exactly }, file).kind, 'whole')
})

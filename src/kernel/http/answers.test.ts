import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseContentRange, parseLength, retryAfterSeconds, statusFault } from './answers.ts'

const now = Date.parse('2026-01-01T00:00:00Z')

test('Retry-After is read in both forms, never negative, at most a day', () => {
  assert.equal(retryAfterSeconds('120', now), 120)
  assert.equal(retryAfterSeconds('Thu, 01 Jan 2026 00:01:00 GMT', now), 60)
  assert.equal(retryAfterSeconds('Wed, 31 Dec 2025 00:00:00 GMT', now), 0)
  assert.equal(retryAfterSeconds('999999999', now), 86_400)
  assert.equal(retryAfterSeconds('soon', now), undefined)
  assert.equal(retryAfterSeconds(null, now), undefined)
})

test('a Content-Range is read only when it makes sense', () => {
  assert.deepEqual(parseContentRange('bytes 0-99/200'), { from: 0, to: 100, total: 200 })
  assert.deepEqual(parseContentRange('bytes 5-5/*'), { from: 5, to: 6, total: undefined })
  for (const bad of [
    'bytes 9-5/20',
    'bytes 0-20/20',
    'bytes */20',
    'items 0-1/2',
    'bytes 0-1',
    '',
    null,
    'bytes -1-2/3',
  ]) {
    assert.equal(parseContentRange(bad), undefined, String(bad))
  }
})

test('a Content-Length is one plain number', () => {
  assert.equal(parseLength(' 12 '), 12)
  for (const bad of ['12, 12', '+12', '-1', '1e3', '0x10', '', null]) assert.equal(parseLength(bad), undefined)
})

test('a status says who can mend it', () => {
  assert.equal(statusFault(206, null, now), undefined)
  assert.equal(statusFault(429, '7', now)?.retryAfterMs, 7000)
  assert.equal(statusFault(408, null, now)?.code, 'source.broken')
  assert.equal(statusFault(304, null, now)?.code, 'source.refused')
})

import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { backoffMs } from '#kernel/backoff.ts'

test('the longest wait doubles with each failed try and stops at the cap', () => {
  const longest = [1, 2, 3, 4, 5, 2000].map((failed) =>
    backoffMs(failed, { baseMs: 100, capMs: 1000, random: () => 1 }),
  )
  assert.deepEqual(longest, [100, 200, 400, 800, 1000, 1000])
})

test('the wait is spread over everything from zero to the longest', () => {
  assert.equal(backoffMs(3, { baseMs: 100, random: () => 0 }), 0)
  assert.equal(backoffMs(3, { baseMs: 100, random: () => 0.5 }), 200)
  fc.assert(
    fc.property(fc.integer({ min: -5, max: 5000 }), (failed) => backoffMs(failed) >= 0 && backoffMs(failed) <= 300_000),
  )
})

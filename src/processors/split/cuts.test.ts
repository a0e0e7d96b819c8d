import assert from 'node:assert/strict'
import test from 'node:test'
import { cutsByBytes, firstCuts } from './cuts.ts'

test('the first cuts are equally far apart', () => {
  assert.deepEqual(firstCuts(90, 3), [30, 60])
})

test('cuts move to where the bytes are', () => {
  const cuts = cutsByBytes([50], [900, 100], { seconds: 100, bytes: 600, tried: 1 })
  assert.equal(cuts.length, 1)
  assert.ok(Math.abs((cuts[0] ?? 0) - (50 * 500) / 900) < 1e-6)
})

test('parts that are still too large become more', () => {
  assert.equal(cutsByBytes([50], [500, 500], { seconds: 100, bytes: 500, tried: 1 }).length, 2)
  assert.equal(cutsByBytes([50], [1000, 0], { seconds: 100, bytes: 500, tried: 3 }).length, 2)
})

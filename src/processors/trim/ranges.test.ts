import assert from 'node:assert/strict'
import test from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { labelOf, rangesWithin } from './ranges.ts'

test('a range that ends after the file ends with it, and an open one too', () => {
  assert.deepEqual(rangesWithin([{ from: 1, to: 99 }, { from: 2 }], 10, 'x'), [
    { from: 1, to: 10 },
    { from: 2, to: 10 },
  ])
  assert.deepEqual(rangesWithin([{ from: 5 }], undefined, 'x'), [{ from: 5, to: undefined }])
})

test('a range that begins after the end is refused with both times', () => {
  assert.throws(
    () => rangesWithin([{ from: 4000 }], 62.5, 'x.mp4'),
    (thrown) => isFault(thrown, 'process.failed') && /x\.mp4 is 1:02,5 long.*after 1:06:40/.test(String(thrown)),
  )
})

test('names say which part it is', () => {
  assert.equal(labelOf({ from: 10, to: 80 }), ' (0m10s-1m20s)')
  assert.equal(labelOf({ from: 3723.5, to: undefined }), ' (1h02m03.5s-end)')
  assert.equal(labelOf({ from: 59.9996, to: 61 }), ' (1m00s-1m01s)')
})

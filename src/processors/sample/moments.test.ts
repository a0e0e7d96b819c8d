import assert from 'node:assert/strict'
import test from 'node:test'
import { momentsOf, stretchesOf } from './moments.ts'

test('parts are spread from the beginning to the end', () => {
  assert.deepEqual(momentsOf(100, 12, 4), [0, 48, 96])
  assert.equal(momentsOf(3600, 60, 4).length, 15)
  assert.deepEqual(momentsOf(100, 4, 4), [48])
})

test('parts that begin at one key frame are one part', () => {
  assert.deepEqual(stretchesOf([0, 0, 10, 12, 99], 4, 100), [
    { from: 0, to: 4 },
    { from: 10, to: 16 },
    { from: 99, to: 100 },
  ])
})

import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { isId, newId } from '#kernel/ids.ts'

const zeros = (bytes: number) => new Uint8Array(bytes)

test('an id is made of the time and of randomness alone', () => {
  assert.equal(newId(zeros, 0), '000000000000000000')
  assert.equal(
    newId(() => Uint8Array.from([0, 1, 10, 31, 32, 255, 18, 20, 27]), 33),
    '00000001101az0zjmv',
  )
})

test('ids sort by their time', () => {
  const time = fc.integer({ min: 0, max: 32 ** 9 - 1 })
  fc.assert(
    fc.property(time, time, (a, b) => {
      const [first, second] = [newId(zeros, a), newId(zeros, b)]
      assert.ok(isId(first))
      assert.equal(Math.sign(a - b), first < second ? -1 : first > second ? 1 : 0)
    }),
  )
})

test('ids of one millisecond differ', () => {
  assert.equal(new Set(Array.from({ length: 1000 }, () => newId(undefined, 1))).size, 1000)
})

test('what is not an id is told apart', () => {
  for (const text of ['', 'x', newId().toUpperCase(), `${newId()}0`, `i${newId().slice(1)}`, `${newId()}\n`]) {
    assert.equal(isId(text), false, text)
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { front, missing, sum, withInterval, type Intervals } from './intervals.ts'

const pieces = fc.array(fc.tuple(fc.nat(60), fc.nat(20)), { maxLength: 20 })

test('however pieces arrive, the list says exactly which bytes are there', () => {
  fc.assert(
    fc.property(pieces, (parts) => {
      const there = new Set<number>()
      let list: Intervals = []
      for (const [from, length] of parts) {
        list = withInterval(list, from, from + length)
        for (let at = from; at < from + length; at += 1) there.add(at)
      }
      const listed = list.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i))
      assert.deepEqual(
        listed,
        [...there].sort((a, b) => a - b),
      )
      assert.equal(sum(list), there.size)
      for (const [i, [from]] of list.entries()) assert.ok(i === 0 || from > (list[i - 1]?.[1] ?? 0))
    }),
  )
})

test('what is there and what is missing make the whole', () => {
  fc.assert(
    fc.property(pieces, (parts) => {
      const list = parts.reduce<Intervals>((all, [from, length]) => withInterval(all, from, from + length), [])
      const whole = missing(list, 80).reduce<Intervals>((all, [from, to]) => withInterval(all, from, to), list)
      assert.deepEqual(whole, [[0, 80]])
    }),
  )
})

test('the front is where the first gap begins', () => {
  assert.equal(front([]), 0)
  assert.equal(front([[5, 9]]), 0)
  assert.equal(
    front([
      [0, 4],
      [5, 9],
    ]),
    4,
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { itemsOf } from './items.ts'

const taken = (text: string) => Array.from({ length: 12 }, (_, at) => at + 1).filter(itemsOf(text))

test('numbers and ranges, also open ones, in any order', () => {
  assert.deepEqual(taken('2'), [2])
  assert.deepEqual(taken('1-3, 7 ,11-'), [1, 2, 3, 7, 11, 12])
  assert.deepEqual(taken('9-4'), [])
})

test('anything else is refused', () => {
  for (const text of ['', 'a', '1-2-3', '-3', '1;2'])
    assert.throws(
      () => itemsOf(text),
      (error) => isFault(error, 'input.invalid'),
      text,
    )
})

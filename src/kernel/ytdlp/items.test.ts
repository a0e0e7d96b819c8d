import assert from 'node:assert/strict'
import { test } from 'node:test'
import { itemRanges } from './items.ts'

for (const [items, ranges] of [
  [undefined, '1:10001'],
  ['3', '3'],
  ['1-5,8', '1:5,8'],
  [' 2 - 4 , 12- ', '2:4,12:10012'],
] as const) {
  test(`items ${items ?? 'of no choice'} are asked for as ${ranges}`, () => assert.equal(itemRanges(items), ranges))
}

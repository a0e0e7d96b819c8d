import assert from 'node:assert/strict'
import { test } from 'node:test'
import { itemLink, itemOf, itemRanges } from './items.ts'

for (const [items, ranges] of [
  [undefined, '1:10001'],
  ['3', '3'],
  ['1-5,8', '1:5,8'],
  [' 2 - 4 , 12- ', '2:4,12:10012'],
] as const) {
  test(`items ${items ?? 'of no choice'} are asked for as ${ranges}`, () => assert.equal(itemRanges(items), ranges))
}

test('a link to a member of a page is read as it was written, and no other link is', () => {
  const link = itemLink(new URL('https://example.org/a?b=1#c'), 12)
  assert.equal(link, 'https://example.org/a?b=1#jackdaw-item=12')
  assert.deepEqual(itemOf(link), { page: 'https://example.org/a?b=1', item: 12 })
  for (const other of ['https://example.org/a#jackdaw-item=', 'https://example.org/#x']) {
    assert.deepEqual(itemOf(other), { page: other })
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as holds, property, string } from 'fast-check'
import { isFault } from '@jackdaw/contract/faults.ts'
import { extended, linkCost, searchQuery } from './rules.ts'
import type { LinkState } from './rules.ts'

const link: LinkState = { id: 'l', expiresAt: 1000, revokedAt: null, maxUses: null, uses: 0 }
const expired = (thrown: unknown) => isFault(thrown, 'access.expired')

test('every word of a search must be there and the last may be a beginning', () => {
  assert.equal(searchQuery('big buck bun'), "'big' & 'buck' & 'bun':*")
  assert.equal(searchQuery('Вечер 2024'), "'Вечер' & '2024':*")
})

test('a search without words is none', () => {
  for (const text of ['', '   ', "'&|!:*()", '\\']) assert.equal(searchQuery(text), undefined)
})

test('no text becomes an operator of a search', () => {
  holds(
    property(string({ unit: 'grapheme', maxLength: 100 }), (text) => {
      const query = searchQuery(text)
      if (query !== undefined) assert.match(query, /^'[\p{L}\p{M}\p{N}]+'( & '[\p{L}\p{M}\p{N}]+')*:\*$/u)
    }),
  )
})

test('a download costs a use, its later ranges and looks do not', () => {
  assert.equal(linkCost(link, 'begin', 0), 1)
  assert.equal(linkCost({ ...link, uses: 1 }, 'continue', 0), 0)
  assert.equal(linkCost(link, 'look', 0), 0)
})

test('whoever starts in the middle pays too', () => {
  assert.equal(linkCost(link, 'continue', 0), 1)
})

test('a link that is used up begins nothing, but what has begun goes on', () => {
  const used = { ...link, maxUses: 2, uses: 2 }
  assert.throws(() => linkCost(used, 'begin', 0), expired)
  assert.throws(() => linkCost(used, 'look', 0), expired)
  assert.equal(linkCost(used, 'continue', 0), 0)
})

test('nothing goes on after the end or a revocation', () => {
  for (const act of ['begin', 'continue', 'look'] as const) {
    assert.throws(() => linkCost({ ...link, uses: 1 }, act, 1000), expired)
    assert.throws(() => linkCost({ ...link, uses: 1, revokedAt: 5 }, act, 10), expired)
  }
})

test('extending never shortens', () => {
  assert.equal(extended(link, 10, 5000).getTime(), 15_000)
  assert.equal(extended({ ...link, expiresAt: 99_000 }, 10, 5000).getTime(), 99_000)
})

test('a revoked link cannot be extended', () => {
  assert.throws(
    () => extended({ ...link, revokedAt: 1 }, 10, 0),
    (thrown) => isFault(thrown, 'input.conflict'),
  )
})

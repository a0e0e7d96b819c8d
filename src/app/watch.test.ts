import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { sinceOf } from './watch.ts'

test('a broken stream goes on behind its last event, a first one where its reader asks', () => {
  assert.equal(sinceOf(3, '7'), 7)
  assert.equal(sinceOf(3, undefined), 3)
  assert.equal(sinceOf(3, ''), 3)
  assert.equal(sinceOf(undefined, undefined), undefined)
})

test('an id that is none of ours is refused', () => {
  for (const id of ['x', '-1', '1.5', '1e3', '9'.repeat(16)])
    assert.throws(
      () => sinceOf(undefined, id),
      (thrown) => isFault(thrown, 'input.invalid'),
    )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { compare, type Migration } from './migrate.ts'

const file = (id: number, sha256 = `sha-${id}`): Migration => ({ id, name: `000${id}-x`, sha256, sql: '' })
const refuses = (says: RegExp) => (error: unknown) => {
  assert(isFault(error, 'house.database-unfit'))
  assert.match(error.message, says)
  return true
}

test('what was not applied is pending, in order', () => {
  assert.deepEqual(
    compare([file(1), file(2), file(3)], [file(1)]).map(({ id }) => id),
    [2, 3],
  )
  assert.deepEqual(compare([file(1)], [file(1)]), [])
})

test('a database that knows later migrations is newer than the code', () => {
  assert.throws(() => compare([file(1)], [file(1), file(2)]), refuses(/newer Jackdaw/))
})

test('a file that was edited after it was applied is refused', () => {
  assert.throws(() => compare([file(1, 'other')], [file(1)]), refuses(/0001-x was edited/))
})

test('a file that was applied and is missing is refused', () => {
  assert.throws(() => compare([file(2)], [file(1), file(2)]), refuses(/0001-x.*missing/))
})

test('a file that comes before an applied one is refused', () => {
  assert.throws(() => compare([file(1), file(2)], [file(2)]), refuses(/0001-x comes before/))
})

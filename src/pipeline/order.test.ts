import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inOrder } from './order.ts'

const ordered = (...uses: string[]) =>
  inOrder(uses.map((use) => ({ use, with: {}, optional: false }))).map(({ use }) => use)

test('steps come in the order that people expect', () => {
  assert.deepEqual(
    ordered('split', 'archive', 'sample', 'convert', 'screenshots', 'rename', 'ffmpeg', 'filter', 'extract', 'join'),
    ['filter', 'join', 'extract', 'ffmpeg', 'rename', 'screenshots', 'convert', 'sample', 'archive', 'split'],
  )
})

test('a filter before unpacking is for archives, and one after it for what was in them', () => {
  assert.deepEqual(ordered('filter', 'extract', 'filter', 'join'), ['filter', 'join', 'extract', 'filter'])
})

test('equals stay as they were, and what the list does not know comes where converting is', () => {
  assert.deepEqual(ordered('split', 'mine', 'convert', 'extract'), ['extract', 'mine', 'convert', 'split'])
})

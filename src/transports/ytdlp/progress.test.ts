import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readProgress } from './progress.ts'

for (const [line, progress] of [
  ['{"done":10,"of":20,"about":null}', { done: 10, of: 20 }],
  ['{"done":10,"of":"null","about":30.6}', { done: 10, of: 31 }],
  ['{"done":10,"of":null,"about":null}', { done: 10 }],
  ['{"done":null,"of":null,"about":null}', undefined],
  ['{"done":10,"of":NA}', undefined],
  ['[download] Destination: media', undefined],
] as const) {
  test(`${line} is read as ${JSON.stringify(progress)}`, () => assert.deepEqual(readProgress(line), progress))
}

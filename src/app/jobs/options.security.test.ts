import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JobOptions } from '@jackdaw/contract/nouns/options.ts'

const isTaken = (options: unknown) => JobOptions.safeParse(options).success

// A quadratic pattern takes hours for a million characters, and a body may have as many: this test would never end.
test('a size, a time or a language of a million characters is refused without being read', { timeout: 20_000 }, () => {
  const million = 1_000_000
  for (const text of ['1'.repeat(million), `1${' '.repeat(million)}x`, `${' '.repeat(million)}x`]) {
    assert.equal(isTaken({ limit: text }), false)
    assert.equal(isTaken({ maxBytes: text }), false)
    assert.equal(isTaken({ clips: [{ from: text }] }), false)
    assert.equal(isTaken({ items: text }), false)
    assert.equal(isTaken({ subs: [text] }), false)
  }
  assert.equal(isTaken({ subs: [`ab${'-a'.repeat(million)}`] }), false)
})

test('options of steps that lie in each other without an end are refused, not followed', () => {
  const nested = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`) as unknown
  assert.equal(isTaken({ steps: [{ use: 'rename', with: { rules: nested(4) } }] }), true)
  assert.equal(isTaken({ steps: [{ use: 'rename', with: { rules: nested(100_000) } }] }), false)
  assert.equal(isTaken({ steps: [{ use: 'rename', with: nested(100_000) }] }), false)
})

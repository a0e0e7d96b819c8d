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

test('what was taken once is taken again as it was stored, or is not taken at all', () => {
  const sizes = ['9'.repeat(38), '9000000000000T', '8191T', '1.5G', '0.3k', 0, 2 ** 53 - 1, 2 ** 53]
  const times = ['9'.repeat(40), '1:99:99.9', '0.1', 1e308]
  const wishes = [
    ...sizes.flatMap((size) => [{ limit: size }, { maxBytes: size }]),
    ...times.map((from) => ({ clips: [{ from }] })),
    { quality: '720' },
    { steps: [{ use: 'rename' }] },
  ]
  const taken = wishes.flatMap((wish) => JobOptions.safeParse(wish).data ?? [])
  assert.ok(taken.length > wishes.length / 2)
  for (const options of taken) {
    const stored: unknown = JSON.parse(JSON.stringify(options))
    assert.deepEqual(JobOptions.parse(stored), options)
  }
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import stringWidth from 'string-width'
import { type Offer, choiceLines, offerHead } from './choice-table.ts'
import { paint } from './format.ts'

const bare = paint(false)
const offer: Offer = {
  title: 'Harbour at dawn',
  about: { durationSeconds: 754, author: 'Ann' },
  choices: [
    { id: 'a', kind: 'video', label: '1080p h264 + aac', bytes: 100 * 1024 ** 2 },
    { id: 'b', kind: 'video', label: '720p h264 + aac', bytes: 50 * 1024 ** 2, isEstimate: true },
    { id: 'c', kind: 'audio', label: 'sound aac' },
  ],
  fits: { choice: 'b', why: 'the best of at most 720 lines' },
}

describe('the table of choices', () => {
  test('has number, label and size, and says which one fits and why', () => {
    assert.deepEqual(choiceLines(offer, 1, { columns: 100, rows: 24 }, bare), [
      '  1  1080p h264 + aac   100.0 MiB',
      '› 2  720p h264 + aac    ~50.0 MiB  fits: the best of at most 720 lines',
      '  3  sound aac',
    ])
    assert.equal(offerHead(offer, 80, bare), 'Harbour at dawn  12:34  by Ann')
  })

  test('shows as many as there is room for, around the one that is pointed at', () => {
    const choices = Array.from({ length: 40 }, (_, at) => ({
      id: `${at}`,
      kind: 'video' as const,
      label: `${at} lines`,
    }))
    for (const cursor of [0, 20, 39]) {
      const lines = choiceLines({ ...offer, choices }, cursor, { columns: 80, rows: 12 }, bare)
      assert.equal(lines.length, 7)
      assert.equal(lines.filter((line) => line.startsWith('› ')).length, 1)
      assert.match(String(lines.find((line) => line.startsWith('› '))), new RegExp(` ${cursor} lines`))
    }
  })

  test('is never wider than the terminal and stays on its lines, whatever the far side says', () => {
    const label = `\u001b[2J${'宽'.repeat(60)}\n`
    const hostile = { ...offer, title: label, choices: offer.choices.map((choice) => ({ ...choice, label })) }
    for (const columns of [20, 40, 80]) {
      const lines = [offerHead(hostile, columns, bare), ...choiceLines(hostile, 0, { columns, rows: 24 }, bare)]
      for (const line of lines) {
        assert.ok(stringWidth(line) <= columns, line)
        assert.ok(!/\p{Cc}/u.test(line))
      }
    }
  })
})

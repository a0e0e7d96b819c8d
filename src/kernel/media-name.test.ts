import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutMediaExtension } from './media-name.ts'

test('only the extension of a media file is one', () => {
  for (const [name, stem] of [
    ['Film.mp4', 'Film'],
    ['Film.MKV', 'Film'],
    ['Part 1.5', 'Part 1.5'],
    ['Mr. Robot', 'Mr. Robot'],
    ['Film', 'Film'],
    ['.mp4', '.mp4'],
    ['a.b.webm', 'a.b'],
  ])
    assert.equal(withoutMediaExtension(name ?? ''), stem)
})

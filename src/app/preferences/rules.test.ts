import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changed } from './rules.ts'

test('preferences are changed by name; null forgets one and what is absent stays', () => {
  const before = { quality: 720, subs: ['en'], recipe: 'small' }
  assert.deepEqual(changed(before, { quality: null, audio: 'mp3', recipe: undefined }), {
    subs: ['en'],
    recipe: 'small',
    audio: 'mp3',
  })
})

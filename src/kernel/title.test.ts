import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleanTitle, isStorable, storableJson } from './title.ts'

test('a title is one line without anything that a terminal would obey', () => {
  assert.equal(cleanTitle('\u001B[2Ja\r\nb\u0000c\u2028d'), '[2Ja b c d')
  assert.equal(cleanTitle('photo\u202Egpj.exe'), 'photo gpj.exe')
  assert.equal(cleanTitle('  Überschrift – 日本  '), 'Überschrift – 日本')
})

test('a long title is cut between characters', () => {
  const cut = cleanTitle(`${'a'.repeat(199)}${'😀'.repeat(10)}`)
  assert.equal(cut, `${'a'.repeat(199)}😀`)
  assert.equal(cleanTitle('half \uD83D'), 'half \uFFFD')
})

test('what the database cannot store is told apart from what only looks like it', () => {
  assert.equal(isStorable({ name: 'a\u0000b' }), false)
  assert.equal(isStorable(['half \uD83D']), false)
  assert.equal(isStorable({ 'key\uDC00': 1 }), false)
  assert.equal(isStorable({ name: String.raw`C:\u0000`, also: '😀\u0001', none: undefined }), true)
  assert.equal(isStorable(undefined), true)
})

test('what cannot be stored is replaced wherever it stands, and nothing else is', () => {
  const odd = {
    'k\u0000ey': ['a\u0000\u0000b', 'half \uD83D', '\uDE00\uD83D'],
    like: String.raw`C:\u0000\\u0000`,
    fine: '😀\n',
  }
  assert.deepEqual(JSON.parse(storableJson(odd)), {
    'k\uFFFDey': ['a\uFFFD\uFFFDb', 'half \uFFFD', '\uFFFD\uFFFD'],
    like: String.raw`C:\u0000\\u0000`,
    fine: '😀\n',
  })
  assert.equal(isStorable(JSON.parse(storableJson(odd))), true)
})

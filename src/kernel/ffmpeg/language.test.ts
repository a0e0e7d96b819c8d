import assert from 'node:assert/strict'
import test from 'node:test'
import { languageOfName, threeLetters } from './language.ts'

test('the language stands before the extension, and marks after it are passed over', () => {
  for (const [name, language] of [
    ['film.en.srt', 'en'],
    ['film.pt-BR.vtt', 'pt-BR'],
    ['film.zh_Hant.ass', 'zh-Hant'],
    ['film.de.forced.srt', 'de'],
    ['film.hi.srt', 'hi'],
    ['film.eng.sdh.srt', 'eng'],
    ['film.srt', undefined],
    ['The.Film.2020.srt', undefined],
    ['film.xyzzy.srt', undefined],
    ['film.qqq.srt', undefined],
    ['en.srt', undefined],
  ] as const) {
    assert.equal(languageOfName(name), language, name)
  }
})

test('containers get three letters', () => {
  assert.deepEqual(['pt-BR', 'de', 'fre', 'xx'].map(threeLetters), ['por', 'ger', 'fre', 'xx'])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileGlob, compilePattern, literal, patternFault } from './pattern.ts'

test('a pattern that makes a backtracking engine hang ends at once', () => {
  for (const source of ['(a+)+$', '^(a|a)*$', '(.*a){20}$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(x+x+)+y']) {
    assert.equal(compilePattern(source, { caseSensitive: true }).test(`${'a'.repeat(250)}!`), false, source)
  }
})

test('a pattern that would need a huge machine is refused with a reason', () => {
  for (const source of ['((a{1000}){1000}){1000}', '(', '[z-a]', '(?=a)', String.raw`(a)\1`, '*']) {
    assert.match(patternFault(source) ?? '', /./, source)
  }
  assert.equal(patternFault(String.raw`^(?P<year>\d{4})\s`), undefined)
})

test('groups are put into the replacement', () => {
  assert.equal(compilePattern(String.raw`(\d+)-(\w+)`).replace('12-ab 3-c', '$2_$1'), 'ab_12 c_3')
})

test('case matters only when asked for', () => {
  assert.equal(compilePattern('ä').test('Ä'), true)
  assert.equal(compilePattern('ä', { caseSensitive: true }).test('Ä'), false)
})

test('a glob fits the whole name and knows * and ? only', () => {
  assert.equal(compileGlob('*sample*').test('My.Sample.mkv'), true)
  assert.equal(compileGlob('*.mp?').test('a.mp4'), true)
  assert.equal(compileGlob('*.mp?').test('a.mp4x'), false)
  assert.equal(compileGlob('[a]+.txt').test('[a]+.txt'), true)
  assert.equal(compileGlob('[a]+.txt').test('aa.txt'), false)
})

test('a literal finds itself and nothing else', () => {
  assert.equal(compilePattern(literal('a.b(c)|$1')).test('xa.b(c)|$1'), true)
  assert.equal(compilePattern(literal('a.b')).test('axb'), false)
})

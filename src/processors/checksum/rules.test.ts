import assert from 'node:assert/strict'
import { test } from 'node:test'
import { distinct, sumsName, sumsText } from './rules.ts'

test('names of one kind get the numbers that a folder gives them', () => {
  assert.deepEqual(distinct(['a.txt', 'b', 'a.txt', 'a.txt']), ['a.txt', 'b', 'a (2).txt', 'a (3).txt'])
  assert.deepEqual(distinct(['a.txt', 'a (2).txt', 'a.txt']), ['a.txt', 'a (2).txt', 'a (3).txt'])
})

test('backslashes and line breaks are written as coreutils reads them', () => {
  assert.equal(sumsText([{ name: 'a\\b\nc', digest: 'ff' }]), '\\ff  a\\\\b\\nc\n')
  assert.equal(sumsText([{ name: ' a b', digest: 'ff' }]), 'ff   a b\n')
  assert.equal(sumsName('md5'), 'MD5SUMS')
})

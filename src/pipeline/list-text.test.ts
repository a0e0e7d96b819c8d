import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseList } from '#faces/cli/list-file.ts'
import { listText, prefixOf } from './list-text.ts'

const entries = [
  { link: 'https://e.example/1', title: 'One: the beginning' },
  { link: 'https://e.example/2', title: 'Gone', unavailable: 'it is private' },
  { link: 'https://e.example/3' },
]

test('a list as text is what list files hold, and what cannot be had is a remark', () => {
  assert.equal(
    listText(entries),
    '01 One - the beginning: https://e.example/1\n# 02 Gone: https://e.example/2 (it is private)\n03 untitled: https://e.example/3\n',
  )
  const { lines, bad } = parseList(listText(entries))
  assert.deepEqual(bad, [])
  assert.deepEqual(
    lines.map(({ title, link }) => [title, link]),
    [
      ['01 One - the beginning', 'https://e.example/1'],
      ['03 untitled', 'https://e.example/3'],
    ],
  )
})

test('a title with line breaks does not make further lines', () => {
  assert.equal(listText([{ link: 'https://e.example/', title: 'a\nhttps://evil.example/' }]).split('\n').length, 2)
})

test('numbers are as wide as the highest one', () => {
  assert.equal(prefixOf(3, 9), '03 ')
  assert.equal(prefixOf(3, 1200), '0003 ')
})

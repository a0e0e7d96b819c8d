import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseList } from './list-file.ts'

describe('a list file', () => {
  test('holds a link per line, or a title and a link, comments and blank lines', () => {
    const text = `\ufeff# lectures\r\nhttps://a.example/1.mp4\r\n\r\n  Lecture 2: Sets: https://a.example/2.mp4?x=a:b#t\r\nLecture 3:magnet:?xt=urn:btih:abc\n`
    assert.deepEqual(parseList(text), {
      lines: [
        { number: 2, link: 'https://a.example/1.mp4' },
        { number: 4, title: 'Lecture 2: Sets', link: 'https://a.example/2.mp4?x=a:b#t' },
        { number: 5, title: 'Lecture 3', link: 'magnet:?xt=urn:btih:abc' },
      ],
      bad: [],
    })
  })

  test('takes links without a scheme', () => {
    assert.deepEqual(parseList('a.example/x\nTitle: a.example/y\nremote:path/z').lines, [
      { number: 1, link: 'a.example/x' },
      { number: 2, title: 'Title', link: 'a.example/y' },
      { number: 3, link: 'remote:path/z' },
    ])
  })

  test('names each bad line with its number', () => {
    const long = `https://a.example/${'x'.repeat(8200)}`
    const { lines, bad } = parseList(
      `hello\nhttps://a.example/ok\nonly a title:\n${long}\n${'t'.repeat(256)}: https://a.example/t`,
    )
    assert.deepEqual(lines, [{ number: 2, link: 'https://a.example/ok' }])
    assert.deepEqual(
      bad.map(({ number }) => number),
      [1, 3, 4, 5],
    )
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import stringWidth from 'string-width'
import { fit, pad, plain, size, span, table } from './format.ts'

describe('numbers for people', () => {
  test('sizes are powers of 1024 with one digit', () => {
    assert.deepEqual([0, 1023, 1024, 12_897_485, 1024 ** 2 - 1, 5 * 1024 ** 4].map(size), [
      '0 B',
      '1023 B',
      '1.0 KiB',
      '12.3 MiB',
      '1.0 MiB',
      '5.0 TiB',
    ])
  })

  test('times are as short as they can be', () => {
    assert.deepEqual([0.42, 12.4, 185].map(span), ['0.4 s', '12s', '3:05'])
  })
})

describe('text from outside', () => {
  test('cannot move the cursor, colour the screen or turn the reading direction', () => {
    assert.equal(plain('a\u001b[31mb\u0007\nc\u202egpj.exe\u200b'), 'a [31mb cgpj.exe')
  })

  test('is cut by columns, so that wide characters count two', () => {
    assert.equal(fit('日本語の映画', 7), '日本語…')
    assert.equal(stringWidth(pad('日本', 6)), 6)
    assert.equal(fit('family 👨‍👩‍👧 film', 10), 'family 👨‍👩‍👧…')
    assert.equal(fit('abc', 0), '')
  })

  test('stands in columns', () => {
    assert.deepEqual(
      table(
        [
          ['a', '日本', 'x'],
          ['bbb', 'c', 'yyyyyyyyy'],
        ],
        14,
      ),
      ['a    日本  x', 'bbb  c     yy…'],
    )
  })
})

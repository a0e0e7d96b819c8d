import assert from 'node:assert/strict'
import { test } from 'node:test'
import { suggest } from './suggest.ts'

test('the name that was probably meant is found, and a far one is not', () => {
  const names = ['convert', 'thumbnail', 'probe']
  assert.equal(suggest('convrt', names), 'convert')
  assert.equal(suggest('porbe', names), 'probe')
  assert.equal(suggest('thumbnials', names), 'thumbnail')
  assert.equal(suggest('archive', names), undefined)
  assert.equal(suggest('x', []), undefined)
})

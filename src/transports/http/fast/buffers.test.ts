import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Buffers } from './buffers.ts'

const MiB = 1024 * 1024

test('there are no more buffers than the ceiling allows, until one comes back', () => {
  const buffers = new Buffers(2 * MiB)
  const first = buffers.take('big')
  assert.ok(first && buffers.take('big'))
  assert.equal(buffers.take('big'), undefined)
  buffers.give(first)
  assert.equal(buffers.take('big'), first)
})

test('whoever waits gets the next buffer of the size, in turn', () => {
  const buffers = new Buffers(MiB)
  const [big, small] = [buffers.need('big'), buffers.need('small')]
  const got: string[] = []
  buffers.wait('big', () => got.push('first'))
  buffers.wait('big', () => got.push('second'))
  buffers.give(small)
  assert.deepEqual(got, [])
  buffers.give(big)
  buffers.give(big)
  assert.deepEqual(got, ['first', 'second'])
})

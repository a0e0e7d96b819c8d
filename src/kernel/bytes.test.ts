import assert from 'node:assert/strict'
import test from 'node:test'
import { formatBytes, formatDuration, formatRate } from '#kernel/bytes.ts'

test('bytes are shown in the largest unit that leaves a number above one, or nearly', () => {
  const shown = [0, 1, 999, 1000, 1024, 10_200, 1_023_000, 1_048_000, 1.4 * 1024 ** 3, 12 * 1024 ** 4].map(formatBytes)
  const expected = ['0 B', '1 B', '999 B', '1.0 KiB', '1.0 KiB', '10 KiB', '999 KiB', '1.0 MiB', '1.4 GiB', '12 TiB']
  assert.deepEqual(shown, expected)
})

test('a rate is bytes per second', () => assert.equal(formatRate(1_572_864), '1.5 MiB/s'))

test('a duration reads as in a player', () => {
  const shown = [-1, 0, 42, 59.6, 187, 3599.4, 3723, 93_600].map(formatDuration)
  assert.deepEqual(shown, ['0s', '0s', '42s', '1:00', '3:07', '59:59', '1:02:03', '26:00:00'])
})

import assert from 'node:assert/strict'
import test from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { partOf, setsOf } from './sets.ts'

const files = (...names: string[]) => names.map((name) => ({ name }))

test('names of parts are known, others are left alone', () => {
  for (const [name, whole, number] of [
    ['x.mp4.001', 'x.mp4', 1],
    ['x.7z.010', 'x.7z', 10],
    ['x.bin.part3of12', 'x.bin', 3],
    ['x.bin.part02', 'x.bin', 2],
    ['x.0012', 'x', 12],
    ['x.part1.rar', undefined, undefined],
    ['report.2024', undefined, undefined],
    ['x.000', undefined, undefined],
    ['.001', undefined, undefined],
    ['x.r01', undefined, undefined],
  ] as const) {
    assert.deepEqual([partOf(name)?.whole, partOf(name)?.number], [whole, number], name)
  }
})

test('parts are put in the order of their numbers, sets apart', () => {
  const sets = setsOf(
    files('b.002', 'a.part2', 'b.001', 'a.part10', ...[1, 3, 4, 5, 6, 7, 8, 9].map((n) => `a.part${n}`)),
  )
  assert.deepEqual(
    sets.map(({ whole, parts }) => [whole, parts.length, parts.at(-1)?.name]),
    [
      ['b', 2, 'b.002'],
      ['a', 10, 'a.part10'],
    ],
  )
})

test('a missing part is named: in the middle, the first, and the last where the number of them is known', () => {
  for (const [names, missing] of [
    [['x.001', 'x.003'], /x\.002 is missing/],
    [['x.002', 'x.003'], /x\.001 is missing/],
    [['x.part1of3', 'x.part2of3'], /x\.part3of3 is missing/],
    [['x.part2of2'], /x\.part1of2 is missing/],
  ] as const) {
    assert.throws(
      () => setsOf(files(...names)),
      (thrown) => isFault(thrown, 'process.broken') && missing.test(String(thrown)),
    )
  }
})

test('two parts of one number are refused', () => {
  assert.throws(() => setsOf(files('x.001', 'x.001', 'x.002')), /two parts 1/)
})

test('a numbered file alone is a file', () => {
  assert.deepEqual(setsOf(files('x.001', 'y.part1')), [])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSpeedometer } from './speed.ts'

function measure(of?: number) {
  let time = 0
  const speedometer = createSpeedometer(() => time)
  return (ms: number, done: number) => {
    time += ms
    return speedometer({ unit: 'bytes', done, ...(of !== undefined && { of }) })
  }
}

test('the first report has no speed, and a steady one has the right one', () => {
  const report = measure(10_000)
  assert.deepEqual(report(0, 0), { unit: 'bytes', done: 0, of: 10_000 })
  for (let second = 1; second <= 5; second++) {
    const { speed, etaSeconds } = report(1000, second * 1000)
    assert.deepEqual([speed, etaSeconds], [1000, 10 - second])
  }
})

test('an older speed is forgotten by half in three seconds', () => {
  const report = measure()
  report(0, 0)
  assert.equal(report(1000, 1000).speed, 1000)
  assert.equal(report(3000, 1000).speed, 500)
})

test('reports that follow each other at once do not make the speed jump', () => {
  const report = measure()
  report(0, 0)
  report(1000, 1000)
  assert.equal(report(1, 101_000).speed, 1000)
})

test('whoever begins anew has no end before the beginning', () => {
  const report = measure(1000)
  report(0, 500)
  assert.equal(report(1000, 900).speed, 400)
  assert.deepEqual(report(1000, 0), { unit: 'bytes', done: 0, of: 1000 })
  const { speed } = report(1000, 100)
  assert.ok(speed !== undefined && speed > 100 && speed < 400)
})

test('a speed of nothing promises no end', () => {
  const report = measure(1000)
  report(0, 0)
  const stalled = report(1000, 0)
  assert.deepEqual([stalled.speed, stalled.etaSeconds], [0, undefined])
})

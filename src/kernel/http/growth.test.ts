import assert from 'node:assert/strict'
import { test } from 'node:test'
import { grow, oneLane, refused, type Growth } from './growth.ts'

const far = { remaining: 1e9, most: 64, now: 0 }

function settle(perLane: (lanes: number) => number, most = 64): Growth {
  let growth = oneLane
  for (let now = 0; now < 2000; now += 100) growth = grow(growth, { ...far, most, now, rate: perLane(growth.lanes) })
  return growth
}

test('lanes are added up to the cap while each brings as much as the first', () => {
  assert.equal(settle((lanes) => lanes * 2e6).lanes, 64)
  assert.equal(settle((lanes) => lanes * 2e6, 16).lanes, 16)
})

test('a line that is full with one lane stays at one', () => {
  assert.equal(settle(() => 2e6).lanes, 1)
})

test('a line that is full with three lanes gets three', () => {
  assert.equal(settle((lanes) => Math.min(lanes, 3) * 2e6).lanes, 4)
  assert.equal(settle((lanes) => Math.min(lanes, 2.4) * 2e6).lanes, 2)
})

test('a lane that is as fast as any line gets no company', () => {
  assert.equal(settle((lanes) => lanes * 5e8).lanes, 1)
})

test('what is nearly done gets no company', () => {
  assert.equal(grow(oneLane, { rate: 1e6, remaining: 5e5, most: 64, now: 0 }).lanes, 1)
})

test('a refusal leads back to one lane, and it stays at one for minutes', () => {
  const growth = refused(0)
  assert.equal(growth.lanes, 1)
  assert.equal(grow(growth, { ...far, now: 60_000, rate: 1e6 }).lanes, 1)
})

test('a busy machine may spoil some windows of a trial: the best one counts', () => {
  let growth: Growth = { lanes: 6, before: undefined, holdUntil: 0 }
  for (const rate of [80e6, 110e6, 90e6, 210e6, 60e6]) {
    growth = grow(growth, { ...far, most: 16, rate, patience: 4 })
  }
  assert.equal(growth.lanes, 16)
})

test('patience has an end, and what the best window paid for stays', () => {
  let growth: Growth = { lanes: 6, before: undefined, holdUntil: 0 }
  for (const rate of [80e6, 110e6, 90e6, 80e6, 90e6]) {
    growth = grow(growth, { ...far, most: 16, rate, patience: 4 })
  }
  assert.equal(growth.lanes, 8)
})

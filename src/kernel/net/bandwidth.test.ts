import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as hold, array, integer, property } from 'fast-check'
import { combined, createBandwidth } from './bandwidth.ts'

test('without a limit nothing pauses', () => {
  assert.equal(createBandwidth(undefined).charge(1e9), 0)
})

test('whoever pauses as told never exceeds the limit by more than a quarter of a second', () => {
  const rates = integer({ min: 100, max: 1e9 })
  hold(
    property(rates, array(integer({ min: 1, max: 1e7 }), { minLength: 1, maxLength: 50 }), (rate, charges) => {
      let clock = 0
      const bandwidth = createBandwidth(rate, () => clock)
      let bytes = 0
      for (const charge of charges) {
        bytes += charge
        clock += bandwidth.charge(charge)
        assert.ok(bytes <= (rate * clock) / 1000 + rate / 4 + 1)
      }
      // Nor is it slower than it must be: one millisecond of rounding for each charge.
      assert.ok(clock <= Math.max(0, ((bytes - rate / 4) * 1000) / rate) + charges.length + 1)
    }),
  )
})

test('time that was not used is not saved up', () => {
  let clock = 0
  const bandwidth = createBandwidth(1000, () => clock)
  clock = 3_600_000
  assert.equal(bandwidth.charge(1250), 1000)
})

test('the limit can be changed and lifted while it is in use', () => {
  const bandwidth = createBandwidth(1000, () => 0)
  bandwidth.charge(250)
  bandwidth.limit(2000)
  assert.equal(bandwidth.charge(2000), 1000)
  bandwidth.limit(undefined)
  assert.equal(bandwidth.charge(1e9), 0)
  bandwidth.limit(1000)
  assert.equal(bandwidth.charge(1000), 1000)
  assert.throws(() => bandwidth.limit(0), RangeError)
})

test('of house and job the tighter limit counts, and both are charged', () => {
  const house = createBandwidth(1000, () => 0)
  const job = createBandwidth(100, () => 0)
  assert.equal(combined(house, job).charge(1250), 12_250)
  assert.equal(house.charge(0), 1000)
})

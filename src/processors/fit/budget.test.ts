import assert from 'node:assert/strict'
import test from 'node:test'
import { budgetFor, less, soundBudget } from './budget.ts'

const film = { seconds: 600, width: 1920, height: 1080, framesPerSecond: 30, hasSound: true }
const megabyte = 1e6

test('less room means fewer lines, never more bits than fit', () => {
  const heights = [400, 100, 50, 25].map((size) => {
    const budget = budgetFor(size * megabyte, film)
    assert.ok(budget !== undefined)
    assert.ok(((budget.video + budget.audio) / 8) * film.seconds <= size * megabyte)
    return budget.height
  })
  assert.deepEqual(heights, [1080, 540, 360, 240])
})

test('a film is never made larger than it is', () => {
  assert.equal(budgetFor(1000 * megabyte, { ...film, width: 320, height: 180 })?.height, 180)
})

test('what would be silly is refused', () => {
  assert.equal(budgetFor(3 * megabyte, film), undefined)
  assert.equal(budgetFor(1 * megabyte, { ...film, seconds: 7200 }), undefined)
  assert.equal(soundBudget(1 * megabyte, 600), undefined)
  assert.ok((soundBudget(10 * megabyte, 600) ?? 0) > 100_000)
})

test('a try that came out too large is made smaller by more than it missed', () => {
  const budget = { video: 1000, audio: 100, height: 360 }
  assert.ok(less(budget, 120, 100).video < 1000 / 1.2)
  assert.equal(less(budget, 100.1, 100).height, 360)
})

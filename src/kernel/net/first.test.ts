import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstOf } from './first.ts'

interface Prize {
  readonly place: string
  isDestroyed: boolean
  destroy(): void
}

/** Attempts that end when the test says so. */
function attempts() {
  const open = new Map<
    string,
    { resolve: (prize: Prize) => void; reject: (error: Error) => void; signal: AbortSignal }
  >()
  return {
    open,
    attempt: (place: string, signal: AbortSignal) => {
      const { promise, resolve, reject } = Promise.withResolvers<Prize>()
      open.set(place, { resolve, reject, signal })
      return promise
    },
    prize: (place: string): Prize => ({
      place,
      isDestroyed: false,
      destroy() {
        this.isDestroyed = true
      },
    }),
  }
}

const never = new AbortController().signal
const settle = async () => {
  for (let turns = 0; turns < 10; turns++) await Promise.resolve()
}

test('the second attempt starts after the head start, the winner is handed out, the loser aborted', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { open, attempt, prize } = attempts()
  const won = firstOf(['six', 'four'], attempt, never)
  t.mock.timers.tick(249)
  assert.deepEqual([...open.keys()], ['six'])
  t.mock.timers.tick(1)
  assert.deepEqual([...open.keys()], ['six', 'four'])
  open.get('four')?.resolve(prize('four'))
  assert.equal((await won).place, 'four')
  assert.equal(open.get('six')?.signal.aborted, true)
  const late = prize('six')
  open.get('six')?.resolve(late)
  await settle()
  assert.equal(late.isDestroyed, true)
})

test('a failure starts the next attempt at once, and the first error is told when all have failed', async () => {
  const { open, attempt } = attempts()
  const won = firstOf(['a', 'b'], attempt, never)
  open.get('a')?.reject(new Error('first'))
  await settle()
  open.get('b')?.reject(new Error('second'))
  await assert.rejects(won, /first/)
})

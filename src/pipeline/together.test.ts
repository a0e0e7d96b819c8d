import assert from 'node:assert/strict'
import { test } from 'node:test'
import { together } from './together.ts'

function recorder(refused?: number) {
  const calls: (number | readonly number[])[] = []
  const gates: (() => void)[] = []
  const gate = () => new Promise<void>((resolve) => gates.push(resolve))
  const call = together<number, string>({
    most: 3,
    async one(item) {
      calls.push(item)
      await gate()
      if (item === refused) throw new Error(`not ${item}`)
      return `one ${item}`
    },
    async all(items) {
      calls.push(items)
      await gate()
      if (refused !== undefined && items.includes(refused)) throw new Error('not all')
      return items.map((item) => `all ${item}`)
    },
  })
  /** Lets calls go on until all of these have an answer. */
  const settle = async (answers: readonly Promise<string>[]) => {
    const left = new Set(answers)
    for (const answer of answers) answer.catch(() => {}).finally(() => left.delete(answer))
    while (left.size > 0) {
      gates.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    return (await Promise.allSettled(answers)).map((one) =>
      one.status === 'fulfilled' ? one.value : String(one.reason),
    )
  }
  return { calls, call, settle }
}

test('a lone call goes at once; those that come meanwhile go together, so many at most', async () => {
  const { calls, call, settle } = recorder()
  const answers = [1, 2, 3, 4, 5].map(call)
  assert.deepEqual(calls, [1])
  assert.deepEqual(await settle(answers), ['one 1', 'all 2', 'all 3', 'all 4', 'one 5'])
  assert.deepEqual(calls, [1, [2, 3, 4], 5])
})

test('one that is refused does not take the others with it', async () => {
  const { call, settle } = recorder(3)
  assert.deepEqual(await settle([1, 2, 3, 4].map(call)), ['one 1', 'one 2', 'Error: not 3', 'one 4'])
  assert.deepEqual(await settle([call(5)]), ['one 5'])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pool } from 'pg'
import { Fault } from '@jackdaw/contract/faults.ts'
import { newId } from '#kernel/ids.ts'
import { createQueue, type NewJob } from '#pipeline/queue.ts'
import { testLimits } from '#test/pipeline.ts'
import { testDatabase } from '#test/postgres.ts'

const slots = { resolve: 8, fetch: 8, process: 8, deliver: 8 }
const deadly = new Fault('step.deadly', { deaths: 5 }).view()

function wish(): NewJob {
  return {
    id: newId(),
    step: newId(),
    link: { kind: 'url', text: 'https://example.org/' },
    title: 'a job',
    recipe: 'plain',
    destinations: ['nowhere'],
    options: {},
    sealed: null,
    originKey: '',
    wishKey: '',
    priority: 0,
    category: null,
    site: '',
  }
}

/** A transaction that stays open until it commits or the test ends. */
async function transaction(pool: Pool) {
  const client = await pool.connect()
  await client.query('begin')
  return Object.assign(client, { [Symbol.dispose]: () => client.release(true) })
}

test('a lane that a wish just opens does not fall asleep over it', async (t) => {
  const { pool } = await testDatabase(t)
  const queue = createQueue(pool)
  const first = wish()
  await queue.startJobs('owner', undefined, [first])
  const { steps } = await queue.take('w', 'here', slots, testLimits)
  assert.deepEqual(
    steps.map(({ id }) => id),
    [first.step],
  )

  const second = wish()
  using other = await transaction(pool)
  await other.query('select start_jobs($1, null, false, $2)', ['owner', JSON.stringify([second])])
  await queue.sweep(deadly)
  await other.query('commit')
  const next = await queue.take('w', 'here', slots, testLimits)
  assert.deepEqual(
    next.steps.map(({ id }) => id),
    [second.step],
  )
})

test('taking steps passes over a job that somebody is changing, instead of waiting for it', async (t) => {
  const { pool } = await testDatabase(t)
  const queue = createQueue(pool)
  const [busy, free] = [wish(), wish()]
  await queue.startJobs('owner', undefined, [busy, free])
  using other = await transaction(pool)
  await other.query('select 1 from jobs where id = $1 for update', [busy.id])
  const { steps } = await queue.take('w', 'here', slots, testLimits)
  assert.deepEqual(
    steps.map(({ id }) => id),
    [free.step],
  )
  await other.query('commit')
  const next = await queue.take('w', 'here', slots, testLimits)
  assert.deepEqual(
    next.steps.map(({ id }) => id),
    [busy.step],
  )
})

test('steps that finish together get an answer each, in their order; one that is no longer ours gets none', async (t) => {
  const { pool } = await testDatabase(t)
  const queue = createQueue(pool)
  await queue.startJobs('owner', undefined, [wish(), wish(), wish(), wish()])
  const { steps } = await queue.take('w', 'here', slots, testLimits)
  const [one, two, three, four] = steps
  assert.ok(one && two && three && four)
  const result = { output: [] }
  const states = await Promise.all([
    queue.finish(one, result),
    queue.finish(four, result),
    queue.finish({ ...two, attempt: 7 }, result),
    queue.finish(three, { ...result, made: [{ id: 'not an asset' } as never] }).catch(() => 'refused'),
    queue.finish(two, result),
  ])
  assert.deepEqual(states, ['done', 'done', null, 'refused', 'done'])
})

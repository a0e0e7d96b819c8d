import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { ClaimedStep } from '#pipeline/queue.ts'
import { testQueue, type TestQueue } from '#test/queue.ts'

const done = { output: [] }
const fault = new Fault('source.gone', { reason: 'HTTP 404' }).view()
const deadly = new Fault('step.deadly', { deaths: 5 }).view()
const strict = { batch: 'b', strict: true }

/** The one step that may run now. */
async function next(house: TestQueue): Promise<ClaimedStep> {
  const steps = await house.take()
  assert.equal(steps.length, 1, 'one after another')
  return steps[0] as ClaimedStep
}

test('the lines of a strict batch run one after another, in order', async (t) => {
  const house = await testQueue(t)
  const jobs = await house.add('a', 5, strict)
  for (const job of jobs) {
    const step = await next(house)
    assert.equal(step.job_id, job)
    assert.deepEqual(await house.take(), [])
    await house.queue.finish(step, done)
  }
  assert.deepEqual(await house.take(), [])
})

test('a batch that is not strict runs side by side', async (t) => {
  const house = await testQueue(t)
  await house.add('a', 5, { batch: 'b' })
  assert.equal((await house.take()).length, 5)
})

test('a line that fails or is cancelled lets the next one begin', async (t) => {
  const house = await testQueue(t)
  const [first = '', second = '', third = '', fourth = ''] = await house.add('a', 4, strict)
  await house.queue.release(await next(house), 'failed', { fault, tries: 1 })
  assert.equal(await house.state(first), 'failed')
  await house.queue.ask(third, 'cancel')
  const step = await next(house)
  assert.equal(step.job_id, second)
  await house.queue.ask(second, 'cancel')
  await house.queue.release(step, 'ready')
  assert.equal((await next(house)).job_id, fourth)
})

test('cancelling the line that has not begun yet lets the next one begin', async (t) => {
  const house = await testQueue(t)
  const [first = '', second] = await house.add('a', 2, strict)
  await house.queue.ask(first, 'cancel')
  assert.equal((await next(house)).job_id, second)
})

test('a line that is paused before it began is passed over, and comes next when it is resumed', async (t) => {
  const house = await testQueue(t)
  const [first = '', second, third] = await house.add('a', 3, strict)
  await house.queue.ask(first, 'pause')
  const step = await next(house)
  assert.equal(step.job_id, second)
  await house.queue.ask(first, 'resume')
  assert.deepEqual(await house.take(), [], 'not beside the one that runs')
  await house.queue.finish(step, done)
  const resumed = await next(house)
  assert.equal(resumed.job_id, first)
  await house.queue.finish(resumed, done)
  assert.equal((await next(house)).job_id, third)
})

test('a line that is paused while it runs holds the others up until it goes on', async (t) => {
  const house = await testQueue(t)
  const [first = '', second] = await house.add('a', 2, strict)
  const step = await next(house)
  await house.queue.ask(first, 'pause')
  await house.queue.release(step, 'ready')
  assert.deepEqual(await house.take(), [])
  await house.queue.ask(first, 'resume')
  const again = await next(house)
  assert.equal(again.job_id, first)
  await house.queue.finish(again, done)
  assert.equal((await next(house)).job_id, second)
})

test('a line that waits for its next try keeps the others waiting', async (t) => {
  const house = await testQueue(t)
  await house.add('a', 2, strict)
  const step = await next(house)
  await house.queue.release(step, 'retry', { fault, tries: 1, readyAt: new Date(Date.now() - 1) })
  assert.deepEqual(await house.take(), [])
  await house.queue.sweep(deadly)
  assert.equal((await next(house)).id, step.id)
})

test('a line that is begun anew waits until the running one has ended, and comes before later ones', async (t) => {
  const house = await testQueue(t)
  const [first = '', second, third] = await house.add('a', 3, strict)
  await house.queue.release(await next(house), 'failed', { fault, tries: 1 })
  const running = await next(house)
  assert.equal(running.job_id, second)
  assert.equal(await house.queue.restart(first), 'queued')
  assert.deepEqual(await house.take(), [])
  await house.queue.finish(running, done)
  const again = await next(house)
  assert.equal(again.job_id, first)
  await house.queue.finish(again, done)
  assert.equal((await next(house)).job_id, third)
})

test('a line that is begun anew after all others have ended begins at once', async (t) => {
  const house = await testQueue(t)
  const [first = ''] = await house.add('a', 1, strict)
  await house.queue.release(await next(house), 'failed', { fault, tries: 1 })
  await house.queue.restart(first)
  assert.equal((await next(house)).job_id, first)
})

test('two strict batches do not wait for each other', async (t) => {
  const house = await testQueue(t)
  await house.add('a', 3, { batch: 'one', strict: true })
  await house.add('a', 3, { batch: 'two', strict: true })
  for (let round = 0; round < 3; round++) {
    const steps = await house.take()
    assert.equal(steps.length, 2)
    for (const step of steps) await house.queue.finish(step, done)
  }
})

test('the order of a strict batch is changed by hand', async (t) => {
  const house = await testQueue(t)
  const [first, second = '', third = ''] = await house.add('a', 3, strict)
  await house.queue.move(third, { before: second })
  const order: string[] = []
  for (let step = 0; step < 3; step++) {
    const now = await next(house)
    order.push(now.job_id)
    await house.queue.finish(now, done)
  }
  assert.deepEqual(order, [first, third, second])
})

test('lines that end at the same moment never leave a batch without a successor', async (t) => {
  const house = await testQueue(t)
  for (let round = 0; round < 15; round++) {
    const jobs = await house.add('a', 6, { batch: `b${round}`, strict: true })
    const step = await next(house)
    const cancelled = jobs.slice(1, 5)
    await Promise.all([house.queue.finish(step, done), ...cancelled.map((job) => house.queue.ask(job, 'cancel'))])
    await house.queue.sweep(deadly)
    const last = await next(house)
    assert.equal(last.job_id, jobs[5])
    await house.queue.finish(last, done)
  }
})

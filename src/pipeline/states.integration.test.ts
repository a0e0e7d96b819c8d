import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '@jackdaw/contract/faults.ts'
import { newId } from '#kernel/ids.ts'
import type { ClaimedStep, NewStep } from '#pipeline/queue.ts'
import { testLimits } from '#test/pipeline.ts'
import { testQueue, type TestQueue } from '#test/queue.ts'

const done = { output: [] }
const gone = new Fault('source.gone', { reason: 'HTTP 404' }).view()
const lost = new Fault('step.inputs-lost', { asset: 'x' }).view()
const deadly = new Fault('step.deadly', { deaths: 5 }).view()

function only<T>(items: readonly T[]): T {
  assert.equal(items.length, 1)
  return items[0] as T
}

/** A job whose first step is claimed. */
async function begun(house: TestQueue): Promise<{ job: string; step: ClaimedStep }> {
  const [job = ''] = await house.add('a', 1)
  return { job, step: only(await house.take()) }
}

function planned(kind: NewStep['kind'], index: number, after: readonly string[] = [], optional = false): NewStep {
  return {
    id: newId(),
    kind,
    engine: 'e',
    label: 'e',
    site: '',
    index,
    input: {},
    after,
    waits: after.length,
    optional,
    machine: null,
    checkpoint: null,
  }
}

/** A job that has fetched and now delivers to two places at once. */
async function delivering(house: TestQueue) {
  const { job, step } = await begun(house)
  const fetch = planned('fetch', 1)
  const one = planned('deliver', 2, [fetch.id])
  const two = planned('deliver', 3, [fetch.id])
  await house.queue.finish(step, { output: [], plan: [fetch, one, two] })
  await house.queue.finish(only(await house.take()), done)
  const steps = await house.take()
  assert.equal(steps.length, 2)
  const [first, second] = steps.toSorted((a, b) => a.index - b.index) as [ClaimedStep, ClaimedStep]
  return { job, first, second }
}

test('a job that is paused before it began keeps its place and goes on', async (t) => {
  const house = await testQueue(t)
  const [job = ''] = await house.add('a', 1)
  assert.equal(await house.queue.ask(job, 'pause'), 'paused')
  assert.equal(await house.queue.ask(job, 'pause'), 'paused')
  assert.deepEqual(await house.take(), [])
  assert.equal(await house.queue.ask(job, 'resume'), 'queued')
  assert.equal(await house.queue.ask(job, 'resume'), 'queued')
  await house.queue.finish(only(await house.take()), done)
  assert.deepEqual(await house.events(job), [
    'job.queued',
    'job.paused',
    'job.resumed',
    'step.started',
    'job.started',
    'step.done',
    'job.done',
  ])
})

test('a running step that is asked to pause is paused when its worker gives it back, and nothing is counted', async (t) => {
  const house = await testQueue(t)
  const { job, step } = await begun(house)
  assert.equal(await house.queue.ask(job, 'pause'), 'running')
  const renewal = only(await house.queue.renew('w', [{ id: step.id, attempt: step.attempt, progress: undefined }]))
  assert.equal(renewal.asked, 'pause')
  assert.equal(await house.queue.release(step, 'ready'), 'paused')
  assert.equal(await house.queue.ask(job, 'resume'), 'running')
  const again = only(await house.take())
  assert.equal(again.tries, 0)
  assert.equal(await house.queue.finish(again, done), 'done')
})

test('a pause that is taken back before the step stopped lets it go on', async (t) => {
  const house = await testQueue(t)
  const { job, step } = await begun(house)
  await house.queue.ask(job, 'pause')
  assert.equal(await house.queue.ask(job, 'resume'), 'running')
  assert.equal(await house.queue.release(step, 'ready'), 'running')
  assert.equal(only(await house.take()).job_id, job)
})

test('a step that waits for a retry can be paused, and resuming tries at once', async (t) => {
  const house = await testQueue(t)
  const { job, step } = await begun(house)
  await house.queue.release(step, 'retry', { readyAt: new Date(Date.now() + 3_600_000), tries: 1, fault: gone })
  assert.equal(await house.queue.ask(job, 'pause'), 'paused')
  await house.queue.sweep(deadly)
  assert.deepEqual(await house.take(), [])
  await house.queue.ask(job, 'resume')
  assert.equal(only(await house.take()).tries, 1)
})

test('a paused job whose last step ends anyway is done', async (t) => {
  const house = await testQueue(t)
  const { job, step } = await begun(house)
  await house.queue.ask(job, 'pause')
  assert.equal(await house.queue.finish(step, done), 'done')
  assert.equal(await house.queue.ask(job, 'resume'), 'done')
  assert.ok(!(await house.events(job)).includes('job.resumed'))
})

test('what is planned for a job that is to pause waits until it goes on', async (t) => {
  const house = await testQueue(t)
  const { job, step } = await begun(house)
  await house.queue.ask(job, 'pause')
  const fetch = planned('fetch', 1)
  const deliver = planned('deliver', 2, [fetch.id])
  assert.equal(await house.queue.finish(step, { output: [], plan: [fetch, deliver] }), 'paused')
  assert.deepEqual(await house.take(), [])
  await house.queue.ask(job, 'resume')
  await house.queue.finish(only(await house.take()), done)
  assert.equal(only(await house.take()).kind, 'deliver')
})

test('resuming what is not paused changes nothing and says nothing', async (t) => {
  const house = await testQueue(t)
  const { job } = await begun(house)
  const before = await house.events(job)
  assert.equal(await house.queue.ask(job, 'resume'), 'running')
  assert.deepEqual(await house.events(job), before)
  assert.equal(await house.queue.ask('nobody', 'pause'), null)
})

for (const state of ['queued', 'paused', 'waiting for a retry'] as const) {
  test(`a job that is ${state} is cancelled at once, and twice is once`, async (t) => {
    const house = await testQueue(t)
    const [job = ''] = await house.add('a', 1)
    if (state === 'paused') await house.queue.ask(job, 'pause')
    if (state === 'waiting for a retry')
      await house.queue.release(only(await house.take()), 'retry', { readyAt: new Date(), tries: 1, fault: gone })
    assert.equal(await house.queue.ask(job, 'cancel'), 'cancelled')
    assert.equal(await house.queue.ask(job, 'cancel'), 'cancelled')
    await house.queue.sweep(deadly)
    assert.deepEqual(await house.take(), [])
    assert.equal((await house.events(job)).filter((type) => type === 'job.cancelled').length, 1)
  })
}

test('a running job is cancelled when its worker gives the step back, whatever the reason', async (t) => {
  const house = await testQueue(t)
  for (const to of ['failed', 'ready', 'retry', 'dead'] as const) {
    const { job, step } = await begun(house)
    assert.equal(await house.queue.ask(job, 'cancel'), 'running')
    assert.equal(await house.queue.release(step, to, { fault: gone, tries: 1 }), 'cancelled')
  }
})

test('neither pausing nor resuming takes back that a job is to be cancelled', async (t) => {
  const house = await testQueue(t)
  const { job, first, second } = await delivering(house)
  await house.queue.ask(job, 'cancel')
  assert.equal(await house.queue.ask(job, 'pause'), 'running')
  assert.equal(await house.queue.ask(job, 'resume'), 'running')
  await house.queue.release(first, 'ready')
  assert.equal(await house.queue.finish(second, done), 'cancelled')
})

test('a wish to cancel that comes when the last step has just ended leaves the job done', async (t) => {
  const house = await testQueue(t)
  const { job, step } = await begun(house)
  await house.queue.ask(job, 'cancel')
  assert.equal(await house.queue.finish(step, done), 'done')
  assert.ok(!(await house.events(job)).includes('job.cancelled'))
})

test('what is planned for a job that is to be cancelled does not begin', async (t) => {
  const house = await testQueue(t)
  const { job, step } = await begun(house)
  await house.queue.ask(job, 'cancel')
  assert.equal(await house.queue.finish(step, { output: [], plan: [planned('fetch', 1)] }), 'cancelled')
  assert.deepEqual(await house.take(), [])
})

test('finish and cancel at the same moment agree on one end', async (t) => {
  const house = await testQueue(t)
  const jobs = await house.add('a', 30)
  const limits = { resolve: 30, perAccount: 30 }
  const steps = await house.take(limits)
  assert.equal(steps.length, jobs.length)
  await Promise.all(steps.flatMap((step) => [house.queue.finish(step, done), house.queue.ask(step.job_id, 'cancel')]))
  for (const job of jobs) {
    const ends = (await house.events(job)).filter((type) => /^job\.(done|cancelled)$/.test(type))
    assert.deepEqual(ends, [`job.${await house.state(job)}`])
  }
})

test('a step that is claimed while its job is being cancelled learns of it', async (t) => {
  const house = await testQueue(t)
  const limits = { resolve: 40, perAccount: 40 }
  const jobs = await house.add('a', 40)
  const [steps] = await Promise.all([house.take(limits), ...jobs.map((job) => house.queue.ask(job, 'cancel'))])
  const fences = steps.map(({ id, attempt }) => ({ id, attempt, progress: undefined }))
  const asked = new Map((await house.queue.renew('w', fences)).map(({ id, asked: what }) => [id, what]))
  for (const step of steps) assert.equal(asked.get(step.id), 'cancel')
  for (const step of steps) await house.queue.release(step, 'ready')
  for (const job of jobs) assert.equal(await house.state(job), 'cancelled')
})

test('a cancelled or failed job is begun anew from resolving on, a done or open one is not', async (t) => {
  const house = await testQueue(t)
  const { job, step } = await begun(house)
  assert.equal(await house.queue.restart(job), null)
  await house.queue.release(step, 'failed', { fault: gone, tries: 1 })
  assert.equal(await house.state(job), 'failed')
  assert.equal(await house.queue.restart(job), 'queued')
  assert.equal(await house.queue.restart(job), null)
  const again = only(await house.take())
  assert.deepEqual([again.kind, again.tries, again.attempt > step.attempt], ['resolve', 0, true])
  await house.queue.finish(again, { output: [], plan: [planned('deliver', 1)] })
  await house.queue.ask(job, 'cancel')
  assert.equal(await house.queue.restart(job), 'queued')
  await house.queue.finish(only(await house.take()), { output: [], plan: [planned('deliver', 1)] })
  assert.equal(await house.queue.finish(only(await house.take()), done), 'done')
  assert.equal(await house.queue.restart(job), null)
})

test('where one destination fails the other one delivers, and the job has failed with that fault', async (t) => {
  const house = await testQueue(t)
  const { job, first, second } = await delivering(house)
  const denied = new Fault('destination.denied', { reason: 'no' }).view()
  assert.equal(await house.queue.release(first, 'failed', { fault: denied, tries: 1 }), 'running')
  assert.equal(await house.queue.finish(second, done), 'failed')
  const { rows } = await house.pool.query('select fault from jobs where id = $1', [job])
  assert.deepEqual(rows, [{ fault: denied }])
})

test('what waits for a failed step is cancelled, to the last in line', async (t) => {
  const house = await testQueue(t)
  const { job, step } = await begun(house)
  const fetch = planned('fetch', 1)
  const process = planned('process', 2, [fetch.id])
  const deliver = planned('deliver', 3, [process.id])
  await house.queue.finish(step, { output: [], plan: [fetch, process, deliver] })
  assert.equal(await house.queue.release(only(await house.take()), 'failed', { fault: gone, tries: 1 }), 'failed')
  const { rows } = await house.pool.query('select state from steps where job_id = $1 order by index', [job])
  assert.deepEqual(
    rows.map(({ state }) => state),
    ['done', 'failed', 'cancelled', 'cancelled'],
  )
})

test('an optional step that fails passes on what it was given', async (t) => {
  const house = await testQueue(t)
  const { step } = await begun(house)
  const parts = [planned('fetch', 1), planned('fetch', 2)]
  const look = planned(
    'process',
    3,
    parts.map(({ id }) => id),
    true,
  )
  const deliver = planned('deliver', 4, [look.id])
  await house.queue.finish(step, { output: [], plan: [...parts, look, deliver] })
  const fetched = await house.take()
  for (const part of fetched.toReversed())
    await house.queue.finish(part, { output: [`${part.index}a`, `${part.index}b`] })
  const looking = only(await house.take())
  assert.equal(await house.queue.release(looking, 'failed', { fault: gone, tries: 1 }), 'running')
  const { rows } = await house.pool.query('select output from steps where id = $1', [look.id])
  assert.deepEqual(rows, [{ output: ['1a', '1b', '2a', '2b'] }], 'in the order of the parts')
  assert.equal(await house.queue.finish(only(await house.take()), done), 'done')
})

test('a job whose files are lost fetches them again by itself, once', async (t) => {
  const house = await testQueue(t)
  const { job, first, second } = await delivering(house)
  await house.queue.release(first, 'failed', { fault: lost, tries: 1 })
  assert.equal(await house.queue.finish(second, done), 'queued')
  const step = only(await house.take())
  assert.equal(step.kind, 'resolve')
  await house.queue.finish(step, { output: [], plan: [planned('deliver', 1)] })
  assert.equal(await house.queue.release(only(await house.take()), 'failed', { fault: lost, tries: 1 }), 'failed')
  const events = await house.events(job)
  assert.equal(events.filter((type) => type === 'job.retried').length, 1)
  assert.equal(events.filter((type) => type === 'job.failed').length, 1)
  assert.equal(await house.queue.restart(job), 'queued')
  await house.queue.release(only(await house.take()), 'failed', { fault: lost, tries: 1 })
  assert.equal(await house.state(job), 'queued', 'whoever begins it anew gives it another chance')
})

test('a job that fails for another reason too does not begin anew by itself', async (t) => {
  const house = await testQueue(t)
  const { job, first, second } = await delivering(house)
  await house.queue.release(first, 'failed', { fault: lost, tries: 1 })
  assert.equal(await house.queue.release(second, 'failed', { fault: gone, tries: 1 }), 'failed')
  const { rows } = await house.pool.query(`select fault ->> 'code' as code from jobs where id = $1`, [job])
  assert.deepEqual(rows, [{ code: 'source.gone' }])
})

test('finish, save and give back by a worker that lost its lease change nothing', async (t) => {
  const house = await testQueue(t)
  const { job, step } = await begun(house)
  await house.queue.release(step, 'ready')
  const now = only(await house.take())
  assert.equal(await house.queue.finish(step, { output: ['x'], plan: [planned('fetch', 1)], title: 'old' }), null)
  assert.equal(await house.queue.save(step, { at: 1 }), false)
  assert.equal(await house.queue.release(step, 'failed', { fault: gone }), null)
  assert.deepEqual(await house.queue.renew('w', [{ id: step.id, attempt: step.attempt, progress: undefined }]), [])
  assert.deepEqual(await house.queue.renew('v', [{ id: now.id, attempt: now.attempt, progress: undefined }]), [])
  const { rows } = await house.pool.query('select state, checkpoint, attempt from steps where job_id = $1', [job])
  assert.deepEqual(rows, [{ state: 'running', checkpoint: null, attempt: now.attempt }])
  assert.equal(await house.queue.save(now, { at: 2 }), true)
  assert.equal(await house.queue.finish(now, done), 'done')
  assert.equal(await house.queue.finish(now, done), null)
})

test('a step of a worker that fell silent is given to the next one without counting a try', async (t) => {
  const house = await testQueue(t)
  const { job, step } = await begun(house)
  await house.pool.query(`update steps set lease_until = now() - interval '1 second' where id = $1`, [step.id])
  assert.deepEqual(await house.queue.sweep(deadly), { released: [job], woken: 0 })
  const again = only(await house.take({}, 'v'))
  assert.deepEqual([again.id, again.attempt, again.tries, again.deaths], [step.id, 2, 0, 1])
  assert.ok((await house.events(job)).includes('step.recovered'))
})

test('a step whose worker died five times in a row fails as deadly, and a checkpoint in between starts the count anew', async (t) => {
  const house = await testQueue(t)
  const { job, step } = await begun(house)
  let current = step
  const die = async () => {
    await house.pool.query(`update steps set lease_until = now() - interval '1 second' where state = 'running'`)
    await house.queue.sweep(deadly)
  }
  for (let death = 1; death <= 4; death++) {
    await die()
    current = only(await house.take())
  }
  await house.queue.save(current, { further: true })
  for (let death = 1; death <= 4; death++) {
    await die()
    assert.equal(await house.state(job), 'running')
    current = only(await house.take())
  }
  await die()
  assert.equal(await house.state(job), 'failed')
  const { rows } = await house.pool.query(`select fault ->> 'code' as code from jobs where id = $1`, [job])
  assert.deepEqual(rows, [{ code: 'step.deadly' }])
})

test('only one process sweeps at a time', async (t) => {
  const house = await testQueue(t)
  const client = await house.pool.connect()
  try {
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock(7236, 2)')
    assert.equal(await house.queue.sweep(deadly), undefined)
    await client.query('select pg_advisory_xact_lock(7236, 1)')
    assert.equal(await house.queue.admit(testLimits), -1)
  } finally {
    await client.query('rollback')
    client.release()
  }
})

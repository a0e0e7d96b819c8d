import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '@jackdaw/contract/events.ts'
import { createBus } from '#kernel/bus.ts'
import { watch, type WatchHow } from '#pipeline/watch.ts'
import { testQueue, type TestQueue } from '#test/queue.ts'

const done = { output: [] }

/** Reads events until enough of them came; the watch is left open for more. */
function reader(how: WatchHow) {
  const events = watch(how)
  return {
    async next(count: number): Promise<Event[]> {
      const read: Event[] = []
      while (read.length < count) {
        const { value, done: over } = await events.next()
        if (over) break
        read.push(value)
      }
      return read
    },
    close: () => events.return(),
  }
}

async function all(how: WatchHow): Promise<Event[]> {
  return await Array.fromAsync(watch(how))
}

const types = (events: readonly Event[]) => events.map(({ type }) => type)
const fact = (house: TestQueue, job: string, n = 0) =>
  house.pool.query(`insert into events (type, job_id, account_id, data) values ('job.prioritised', $1, 'a', $2)`, [
    job,
    JSON.stringify({ priority: n }),
  ])
const progress = (job: string, step: string, count: number) => ({
  kind: 'volatile' as const,
  job,
  account: 'a',
  event: {
    type: 'step.progress',
    at: new Date().toISOString(),
    job,
    data: { step, kind: 'fetch', engine: 'e', label: 'e', progress: { unit: 'bytes', done: count } },
  },
})

test('a watch replays what was, follows what comes and ends with the job', async (t) => {
  const house = await testQueue(t)
  const bus = createBus()
  const [job = ''] = await house.add('a', 1)
  const watching = reader({ pool: house.pool, bus, job, since: 0, untilEnded: true })
  assert.deepEqual(types(await watching.next(1)), ['job.queued'])
  const [step] = await house.take()
  assert.ok(step)
  await house.queue.finish(step, done)
  bus.publish({ kind: 'events', jobs: [job] })
  assert.deepEqual(types(await watching.next(Infinity)), ['step.started', 'job.started', 'step.done', 'job.done'])
})

test('a watch goes on after the number that it is given', async (t) => {
  const house = await testQueue(t)
  const [job = ''] = await house.add('a', 1)
  for (const step of await house.take()) await house.queue.finish(step, done)
  const how = { pool: house.pool, bus: createBus(), job, untilEnded: true }
  const events = await all({ ...how, since: 0 })
  for (const [index, { seq }] of events.entries())
    assert.deepEqual(await all({ ...how, since: seq }), events.slice(index + 1), 'and ends, for nothing more will come')
})

test('a watch of an ended job whose events are forgotten ends', async (t) => {
  const house = await testQueue(t)
  const [job = ''] = await house.add('a', 1)
  await house.queue.ask(job, 'cancel')
  await house.pool.query('delete from events')
  assert.deepEqual(await all({ pool: house.pool, bus: createBus(), job, since: 0, untilEnded: true }), [])
})

for (const count of [499, 500, 501, 1000]) {
  test(`a history of ${count} events and its end is read to the last one`, async (t) => {
    const house = await testQueue(t)
    const [job = ''] = await house.add('a', 1)
    await house.pool.query(
      `insert into events (type, job_id, account_id, data) select 'job.prioritised', $1, 'a', '{"priority":0}' from generate_series(1, $2)`,
      [job, count - 2],
    )
    await house.queue.ask(job, 'cancel')
    const events = await all({ pool: house.pool, bus: createBus(), job, since: 0, untilEnded: true })
    assert.equal(events.length, count)
    assert.equal(events.at(-1)?.type, 'job.cancelled')
  })
}

test('the end in the history of a job that was begun anew is not the last word', async (t) => {
  const house = await testQueue(t)
  const bus = createBus()
  const [job = ''] = await house.add('a', 1)
  await house.queue.ask(job, 'cancel')
  await house.queue.restart(job)
  const watching = reader({ pool: house.pool, bus, job, since: 0, untilEnded: true })
  assert.deepEqual(types(await watching.next(3)), ['job.queued', 'job.cancelled', 'job.retried'])
  await house.queue.ask(job, 'cancel')
  bus.publish({ kind: 'events', jobs: [job] })
  assert.deepEqual(types(await watching.next(Infinity)), ['job.cancelled'])
})

test('an event that is committed after later ones is neither lost nor out of order', async (t) => {
  const house = await testQueue(t)
  const bus = createBus()
  const [job = ''] = await house.add('a', 1)
  const watching = reader({ pool: house.pool, bus, since: 0 })
  await watching.next(1)
  const slow = await house.pool.connect()
  await slow.query('begin')
  await slow.query(
    `insert into events (type, job_id, account_id, data) select 'job.prioritised', $1, 'a', '{"priority":-1}' from generate_series(1, 3)`,
    [job],
  )
  for (let n = 0; n < 300; n++) await fact(house, job, 1)
  bus.publish({ kind: 'events', jobs: [] })
  const rest = watching.next(303)
  await slow.query('commit')
  slow.release()
  const events = await rest
  const seqs = events.map(({ seq }) => seq ?? 0)
  assert.deepEqual(
    seqs,
    seqs.toSorted((a, b) => a - b),
  )
  const { rows } = await house.pool.query<{ seq: number }>('select seq from events order by seq')
  assert.deepEqual(
    [1, ...seqs],
    rows.map(({ seq }) => seq),
  )
  await watching.close()
})

test('a number that was rolled back holds nobody up', async (t) => {
  const house = await testQueue(t)
  const bus = createBus()
  const [job = ''] = await house.add('a', 1)
  const watching = reader({ pool: house.pool, bus, since: 0 })
  await watching.next(1)
  const undone = await house.pool.connect()
  await undone.query('begin')
  await undone.query(`insert into events (type, job_id, data) values ('job.started', $1, '{}')`, [job])
  await fact(house, job)
  bus.publish({ kind: 'events', jobs: [] })
  const rest = watching.next(1)
  await undone.query('rollback')
  undone.release()
  assert.deepEqual(types(await rest), ['job.prioritised'])
  await watching.close()
})

test('many writers at once: every watcher gets every event once, in order', async (t) => {
  const house = await testQueue(t)
  const bus = createBus()
  const jobs = await house.add('a', 8)
  const total = jobs.length * 41
  const watchers = [0, 1].map(() => reader({ pool: house.pool, bus, since: 0 }))
  const reading = watchers.map((watching) => watching.next(total))
  await Promise.all(
    jobs.map(async (job) => {
      for (let n = 0; n < 40; n++) {
        await fact(house, job, n)
        bus.publish({ kind: 'events', jobs: [job] })
      }
    }),
  )
  for (const events of await Promise.all(reading)) {
    const seqs = events.map(({ seq }) => seq ?? 0)
    assert.equal(new Set(seqs).size, total)
    assert.deepEqual(
      seqs,
      seqs.toSorted((a, b) => a - b),
    )
  }
  for (const watching of watchers) await watching.close()
})

test('of progress only the newest of each step is told, and nothing after the step has ended', async (t) => {
  const house = await testQueue(t)
  const bus = createBus()
  const [job = ''] = await house.add('a', 1)
  const [step] = await house.take()
  assert.ok(step)
  const watching = reader({ pool: house.pool, bus, job, since: 0, untilEnded: true })
  await watching.next(3)
  for (let n = 1; n <= 100; n++) bus.publish(progress(job, step.id, n))
  bus.publish(progress(job, 'other', 7))
  const told = await watching.next(2)
  assert.deepEqual(
    told.map((event) => 'progress' in event.data && event.data.progress.done),
    [100, 7],
  )
  bus.publish(progress(job, step.id, 101))
  await house.queue.finish(step, done)
  bus.publish({ kind: 'events', jobs: [job] })
  assert.deepEqual(types(await watching.next(Infinity)), ['step.done', 'job.done'])
})

test('a reader that stands still holds a bounded number of events', async (t) => {
  const house = await testQueue(t)
  const bus = createBus()
  const [job = ''] = await house.add('a', 1)
  const watching = reader({ pool: house.pool, bus, since: 0 })
  await watching.next(1)
  for (let n = 0; n < 5_000; n++) bus.publish(progress(job, `step${n}`, n))
  const [first, ...others] = await watching.next(1_000)
  assert.ok(first && 'step' in first.data)
  assert.equal(first.data.step, 'step4000', 'the oldest were left out')
  assert.equal(others.length, 999)
  await watching.close()
})

test('a watch of one account tells nothing of others', async (t) => {
  const house = await testQueue(t)
  const bus = createBus()
  const [theirs = ''] = await house.add('b', 1)
  const [mine = ''] = await house.add('a', 1)
  const watching = reader({ pool: house.pool, bus, account: 'a', since: 0 })
  assert.deepEqual(
    (await watching.next(1)).map((event) => event.job),
    [mine],
  )
  bus.publish({ ...progress(theirs, 'theirs', 1), account: 'b' })
  bus.publish(progress(mine, 'mine', 1))
  const [event] = await watching.next(1)
  assert.equal(event?.job, mine)
  await watching.close()
})

test('a watch from now on tells nothing of before, and ends when its reader goes', async (t) => {
  const house = await testQueue(t)
  const bus = createBus()
  const [job = ''] = await house.add('a', 1)
  const stop = new AbortController()
  const watching = reader({ pool: house.pool, bus, since: undefined, signal: stop.signal })
  const first = watching.next(1)
  // It listens before it looks where "now" is, so progress comes through; after that it has looked.
  const timer = setInterval(() => bus.publish(progress(job, 'step', 1)), 5)
  assert.deepEqual(types(await first), ['step.progress'])
  clearInterval(timer)
  await house.queue.ask(job, 'cancel')
  bus.publish({ kind: 'events', jobs: [job] })
  const read = await watching.next(1)
  assert.ok(types(read).every((type) => type !== 'job.queued'))
  stop.abort()
  const rest = await watching.next(Infinity)
  assert.ok(types(rest).every((type) => type !== 'job.queued'))
})

test('whoever missed a wake looks again by itself', async (t) => {
  const house = await testQueue(t)
  const [job = ''] = await house.add('a', 1)
  const watching = reader({ pool: house.pool, bus: createBus(), job, since: 0 })
  await watching.next(1)
  await house.queue.ask(job, 'cancel')
  assert.deepEqual(types(await watching.next(1)), ['job.cancelled'])
  await watching.close()
})

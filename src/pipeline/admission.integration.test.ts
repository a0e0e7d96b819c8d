import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClaimedStep } from '#pipeline/queue.ts'
import { testLimits } from '#test/pipeline.ts'
import { testQueue, type TestQueue } from '#test/queue.ts'

const done = { output: [] }
const times = <T>(n: number, wish: T): T[] => Array.from({ length: n }, () => wish)

/** Runs everything to its end, a step at a time, and returns jobs in the order in which they were served. */
async function serve(house: TestQueue, limits: Parameters<TestQueue['take']>[0], most = Infinity): Promise<string[]> {
  const order: string[] = []
  while (order.length < most) {
    const steps = await house.take(limits)
    if (steps.length === 0) return order
    for (const step of steps) {
      order.push(step.job_id)
      await house.queue.finish(step, done)
    }
  }
  return order
}

const count = (steps: readonly ClaimedStep[], of: (step: ClaimedStep) => unknown, value: unknown) =>
  steps.filter((step) => of(step) === value).length

test('no more steps of a kind run than its cap', async (t) => {
  const house = await testQueue(t)
  await house.add('a', 10)
  const first = await house.take({ resolve: 3 })
  assert.equal(first.length, 3)
  assert.equal((await house.take({ resolve: 3 })).length, 0)
  await house.queue.finish(first[0] as ClaimedStep, done)
  assert.equal((await house.take({ resolve: 3 })).length, 1)
})

test('an account at its cap does not hold up the others', async (t) => {
  const house = await testQueue(t)
  await house.add('a', 20)
  await house.add('b', 1)
  const steps = await house.take({ resolve: 8, perAccount: 2 })
  assert.equal(
    count(steps, (step) => step.account_id, 'a'),
    2,
  )
  assert.equal(
    count(steps, (step) => step.account_id, 'b'),
    1,
  )
})

test('a site at its cap does not hold up other sites, not even of the same account', async (t) => {
  const house = await testQueue(t)
  await house.add('a', [...times(20, { site: 'busy.example' }), { site: 'free.example' }])
  await house.add('b', [{ site: 'busy.example' }, { site: 'other.example' }])
  const steps = [...(await house.take({ perSite: 2 })), ...(await house.take({ perSite: 2 }))]
  assert.equal(
    count(steps, (step) => step.site, 'busy.example'),
    2,
  )
  assert.equal(
    count(steps, (step) => step.site, 'free.example'),
    1,
  )
  assert.equal(
    count(steps, (step) => step.site, 'other.example'),
    1,
  )
})

test('fetching and resolving at one site share its cap', async (t) => {
  const house = await testQueue(t)
  const [job = ''] = await house.add('a', [{ site: 's.example' }, { site: 's.example' }])
  await house.extra(job, { kind: 'fetch', site: 's.example' })
  const steps = [...(await house.take({ perSite: 2 })), ...(await house.take({ perSite: 2 }))]
  assert.equal(steps.length, 2)
})

test('no more steps are processed on one machine than its cap, and others take more', async (t) => {
  const house = await testQueue(t)
  const jobs = await house.add('a', 6)
  for (const [index, job] of jobs.entries())
    await house.extra(job, { kind: 'process', machine: index < 4 ? 'here' : 'there' })
  await house.take({ resolve: 0, process: 0 }, 'v', 'there')
  const here = await house.take({ resolve: 0, perMachine: 2 })
  assert.equal(here.length, 2)
  const there = await house.take({ resolve: 0, perMachine: 2 }, 'v', 'there')
  assert.equal(there.length, 2)
})

test('a step that is bound to a machine runs there only, and waits while that is away', async (t) => {
  const house = await testQueue(t)
  const [job = ''] = await house.add('a', 1)
  const bound = await house.extra(job, { kind: 'fetch', machine: 'there' })
  assert.deepEqual(
    (await house.take()).map(({ kind }) => kind),
    ['resolve'],
  )
  assert.equal((await house.take()).length, 0)
  assert.deepEqual(
    (await house.take({}, 'v', 'there')).map(({ id }) => id),
    [bound],
  )
})

test('many lanes that wait for a machine which is away do not starve the others', async (t) => {
  const house = await testQueue(t)
  for (let account = 0; account < 60; account++) {
    const [job = ''] = await house.add(`away${account}`, 1)
    await house.extra(job, { kind: 'fetch', machine: 'gone' })
  }
  const [job = ''] = await house.add('z', 1)
  const mine = await house.extra(job, { kind: 'fetch' })
  const steps = [...(await house.take({ resolve: 0, fetch: 4 })), ...(await house.take({ resolve: 0, fetch: 4 }))]
  assert.deepEqual(
    steps.map(({ id }) => id),
    [mine],
  )
})

test('an account with ten thousand queued jobs never delays another one by more than what runs', async (t) => {
  const house = await testQueue(t)
  await house.add('many', 10_000)
  const running = await house.take({ resolve: 4 })
  assert.equal(running.length, 4)
  const [single] = await house.add('single', 1)
  for (const step of running) await house.queue.finish(step, done)
  const next = await house.take({ resolve: 4 })
  assert.ok(next.some((step) => step.job_id === single))
})

test('a thousand accounts are served in turn, whatever their queues hold', async (t) => {
  const house = await testQueue(t)
  const accounts = 1_000
  await house.pool.query(
    `insert into accounts (id, name, role) select 'a' || n, 'a', 'member' from generate_series(1, $1) n`,
    [accounts],
  )
  // One round trip per account would take the time; every third has one job, the others three.
  await house.pool.query(
    `select start_jobs('a' || n, null, false, (select jsonb_agg(jsonb_build_object('id', n || '-' || k, 'step', n || '.' || k, 'link', '{"kind":"url","text":"x"}'::jsonb,
       'title', '', 'recipe', 'plain', 'destinations', '[]'::jsonb, 'options', '{}'::jsonb, 'originKey', '', 'wishKey', '', 'priority', 0, 'site', ''))
       from generate_series(1, case when n % 3 = 0 then 1 else 3 end) k)) from generate_series(1, $1) n`,
    [accounts],
  )
  const together = 50
  const order = await serve(house, { resolve: together })
  const jobs = accounts * 3 - 2 * Math.floor(accounts / 3)
  assert.equal(order.length, jobs)
  const account = (job: string) => job.split('-')[0] ?? ''
  // What is admitted together has no order among itself.
  const batches = (turn: number) => {
    const seen = new Map<string, number>()
    const at: number[] = []
    for (const [index, job] of order.entries()) {
      const turns = (seen.get(account(job)) ?? 0) + 1
      seen.set(account(job), turns)
      if (turns === turn) at.push(Math.floor(index / together))
    }
    return at
  }
  assert.ok(Math.max(...batches(1)) <= Math.min(...batches(2)), 'each once before anybody twice')
  assert.ok(Math.max(...batches(2)) <= Math.min(...batches(3)), 'each twice before anybody three times')
  for (let n = 1; n <= accounts; n++) {
    const own = order.filter((job) => account(job) === String(n))
    assert.deepEqual(own, own.toSorted(), 'in the order of its queue')
  }
})

test('an account that was idle does not save up turns', async (t) => {
  const house = await testQueue(t)
  await house.add('early', 1)
  await serve(house, { resolve: 1 })
  await house.add('busy', 60)
  await serve(house, { resolve: 1 }, 30)
  const back = new Set(await house.add('early', 20))
  const order = await serve(house, { resolve: 1 }, 20)
  const turns = order.filter((job) => back.has(job)).length
  assert.ok(turns >= 9 && turns <= 11, `${turns} of 20 turns, not all of them`)
})

test('a new account has its turn and no more, also while an old one is held back by a full site', async (t) => {
  const house = await testQueue(t)
  await house.add('held', times(4, { site: 'full.example' }))
  const [blocking] = await house.take({ perSite: 1 })
  assert.ok(blocking)
  await house.add('busy', 200)
  const limits = { resolve: 2, perSite: 1 }
  await serve(house, limits, 50)
  const fresher = new Set(await house.add('new', 100))
  const order = await serve(house, limits, 20)
  const turns = order.filter((job) => fresher.has(job)).length
  assert.ok(turns >= 8 && turns <= 12, `${turns} of 20 turns`)
})

test('an account that was held back by a full site does not make up for it at the cost of the others', async (t) => {
  const house = await testQueue(t)
  const held = new Set(await house.add('held', times(60, { site: 'full.example' })))
  const [blocking] = await house.take({ perSite: 1 })
  assert.ok(blocking)
  await house.add('busy', 200)
  await serve(house, { resolve: 2, perSite: 1 }, 50)
  await house.queue.finish(blocking, done)
  const order = await serve(house, { resolve: 1, perSite: 8 }, 20)
  const turns = order.filter((job) => held.has(job)).length
  assert.ok(turns >= 8 && turns <= 12, `${turns} of 20 turns`)
})

test('within an account priority goes first, then the order of arrival', async (t) => {
  const house = await testQueue(t)
  const [low, usual, high, also] = await house.add('a', [{ priority: -1 }, {}, { priority: 1 }, {}])
  assert.deepEqual(await serve(house, { resolve: 1 }), [high, usual, also, low])
})

test('priority of one account takes no turn from another', async (t) => {
  const house = await testQueue(t)
  await house.add('a', times(10, { priority: 1 }))
  const low = new Set(await house.add('b', times(10, { priority: -1 })))
  const order = await serve(house, { resolve: 1 }, 10)
  assert.equal(order.filter((job) => low.has(job)).length, 5)
})

test('a priority that is set later counts at once', async (t) => {
  const house = await testQueue(t)
  const [first = '', second = ''] = await house.add('a', 2)
  await house.queue.prioritise(second, 1)
  assert.deepEqual(await serve(house, { resolve: 1 }), [second, first])
})

test('jobs are put next, last and before another one', async (t) => {
  const house = await testQueue(t)
  const [a = '', b = '', c = '', d = ''] = await house.add('a', 4)
  assert.equal(await house.queue.move(d, 'next'), true)
  assert.equal(await house.queue.move(a, 'last'), true)
  assert.equal(await house.queue.move(c, { before: b }), true)
  assert.equal(await house.queue.move(b, { before: b }), true)
  assert.deepEqual(await serve(house, { resolve: 1 }), [d, c, b, a])
})

test('order by hand holds however often jobs are put between two others', async (t) => {
  const house = await testQueue(t)
  const jobs = await house.add('a', 80)
  const last = jobs.at(-1) ?? ''
  const moved = jobs.slice(1, -1)
  for (const job of moved) await house.queue.move(job, { before: last })
  // Each one was put directly before the last: so they stay in their order.
  assert.deepEqual(await serve(house, { resolve: 1 }), jobs)
  const again = await house.add('b', 80)
  const [head = '', ...rest] = again
  for (const job of rest) await house.queue.move(job, { before: head })
  assert.deepEqual(await serve(house, { resolve: 1 }), [...rest, head])
})

test('there is no place beside jobs that have ended, are unknown or of another account', async (t) => {
  const house = await testQueue(t)
  const [mine = ''] = await house.add('a', 1)
  const [other = ''] = await house.add('b', 1)
  assert.equal(await house.queue.move(mine, { before: other }), false)
  assert.equal(await house.queue.move(mine, { before: 'nobody' }), false)
  assert.equal(await house.queue.move('nobody', 'next'), false)
  await serve(house, {})
  assert.equal(await house.queue.move(mine, 'next'), false)
  assert.ok(!(await house.events(mine)).includes('job.moved'))
})

test('a step that was admitted and claimed by nobody is ready again after its lease', async (t) => {
  const house = await testQueue(t)
  const [job = ''] = await house.add('a', 1)
  await house.queue.admit(testLimits)
  await house.pool.query(`update steps set lease_until = now() - interval '1 second' where job_id = $1`, [job])
  await house.queue.sweep({ code: 'step.deadly', says: '', next: 'stop', facts: {} })
  const [step] = await house.take()
  assert.equal(step?.job_id, job)
  assert.equal(step?.deaths, 0)
})

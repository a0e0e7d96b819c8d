import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { createPace, siteOf } from './pace.ts'

const ill = () => Promise.reject(new Fault('source.unreachable', { reason: 'nothing listens there' }))
const gone = () => Promise.reject(new Fault('source.gone', { reason: '404' }))
const fine = () => Promise.resolve('fine')

test('a site is its host in lower case, with the port when it is not the usual one', () => {
  assert.equal(siteOf('https://User:pw@EXAMPLE.org:443/a?b'), 'example.org')
  assert.equal(siteOf('http://Example.org:8080/'), 'example.org:8080')
  assert.throws(
    () => siteOf('nonsense'),
    (thrown) => isFault(thrown, 'link.invalid'),
  )
})

test('five failures open the breaker for a minute, then two successes close it', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  const pace = createPace()
  const state = () => pace.health()[0]?.breaker
  for (let failures = 0; failures < 5; failures++) await assert.rejects(pace.attempt('a', ill))
  assert.equal(state(), 'open')
  let asked = false
  const refused = pace.attempt('a', async () => (asked = true))
  await assert.rejects(refused, (thrown) => isFault(thrown, 'source.unreachable') && thrown.retryAfterMs === 60_000)
  await assert.rejects(refused, /nothing listens there; it failed several times in a row and is left alone/)
  assert.equal(asked, false)
  assert.equal(await pace.attempt('b', fine), 'fine')

  t.mock.timers.tick(60_001)
  assert.equal(await pace.attempt('a', fine), 'fine')
  assert.equal(state(), 'half-open')
  assert.equal(await pace.attempt('a', fine), 'fine')
  assert.equal(state(), 'closed')
})

test('a failure while half open opens the breaker again', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  const pace = createPace()
  for (let failures = 0; failures < 5; failures++) await assert.rejects(pace.attempt('a', ill))
  t.mock.timers.tick(60_001)
  await assert.rejects(pace.attempt('a', ill))
  assert.equal(pace.health()[0]?.breaker, 'open')
})

test('answers that are only about one link do not count against the site', async () => {
  const pace = createPace()
  for (let tries = 0; tries < 10; tries++)
    await assert.rejects(pace.attempt('a', gone), (e) => isFault(e, 'source.gone'))
  assert.equal(pace.health()[0]?.breaker, 'closed')
})

test('connections beyond the cap wait in order, and an abort leaves the queue', async () => {
  const pace = createPace({ connections: 2 })
  const order: number[] = []
  const first = await pace.connection('a')
  const second = await pace.connection('a')
  const third = pace.connection('a').then((release) => (order.push(3), release))
  const stop = new AbortController()
  const fourth = pace.connection('a', stop.signal)
  const fifth = pace.connection('a').then((release) => (order.push(5), release))
  await pace.connection('b')
  stop.abort(new Error('cancelled'))
  await assert.rejects(fourth, /cancelled/)
  assert.deepEqual(order, [])
  first()
  first()
  await third
  assert.deepEqual(order, [3])
  second()
  await fifth
  assert.deepEqual(order, [3, 5])
  assert.equal(pace.health().find(({ site }) => site === 'a')?.connections, 2)
})

test('a short hold is waited for, a long one is a fault that says when to come back', async (t) => {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_000_000 })
  const pace = createPace()
  pace.hold('a', 5000)
  let isThrough = false
  const turn = pace.turn('a').then(() => (isThrough = true))
  t.mock.timers.tick(4999)
  await Promise.resolve()
  assert.equal(isThrough, false)
  t.mock.timers.tick(1)
  await turn
  pace.hold('a', 120_000)
  await assert.rejects(
    pace.turn('a'),
    (thrown) => isFault(thrown, 'source.throttled') && thrown.retryAfterMs === 120_000,
  )
  await pace.turn('b')
})

test('requests to one site keep their distance, others do not wait', async (t) => {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_000_000 })
  const pace = createPace({ spacingMs: 100 })
  const passed: string[] = []
  for (const site of ['a', 'a', 'a', 'b']) void pace.turn(site).then(() => passed.push(site))
  const settle = async () => {
    for (let turns = 0; turns < 10; turns++) await Promise.resolve()
  }
  await settle()
  assert.deepEqual(passed.toSorted(), ['a', 'b'])
  t.mock.timers.tick(100)
  await settle()
  assert.equal(passed.length, 3)
  t.mock.timers.tick(100)
  await settle()
  assert.equal(passed.length, 4)
})

test('an answer about one link is good enough to close the breaker', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  const pace = createPace()
  for (let failures = 0; failures < 5; failures++) await assert.rejects(pace.attempt('a', ill))
  t.mock.timers.tick(60_001)
  for (let tries = 0; tries < 2; tries++)
    await assert.rejects(pace.attempt('a', gone), (e) => isFault(e, 'source.gone'))
  assert.equal(pace.health()[0]?.breaker, 'closed')
})

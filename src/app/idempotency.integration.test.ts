import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { testTables } from '#test/tables.ts'
import { fakeDoor, local } from '#test/fakes/door.ts'
import { fakeParts } from '#test/fakes/operations.ts'
import { auditor } from './audit.ts'
import { door, os } from './door.ts'
import { forget, memory } from './idempotency.ts'
import { admit, assemble } from './router.ts'

const request = { account: 'owner', key: 'k1', operation: 'jobs.start', input: { link: 'a', options: { name: 'n' } } }
const conflict = (thrown: unknown) => isFault(thrown, 'input.conflict')

test('a repeated request gets the first answer, whatever the order of its fields', async (t) => {
  const db = await testTables(t)
  const { once } = memory(db, Buffer.alloc(32, 1))
  let runs = 0
  const work = async () => ({ id: `job${++runs}`, link: null })
  const first = await once(request, work)
  const again = await once({ ...request, input: { options: { name: 'n' }, link: 'a' } }, work)
  assert.deepEqual(again, first)
  assert.equal(runs, 1)
})

test('the same key with another input, operation or account is not the same request', async (t) => {
  const db = await testTables(t)
  const { once } = memory(db, Buffer.alloc(32, 1))
  await once(request, async () => 1)
  await assert.rejects(
    once({ ...request, input: { link: 'b' } }, async () => 2),
    conflict,
  )
  await assert.rejects(
    once({ ...request, operation: 'jobs.pause' }, async () => 2),
    conflict,
  )
  assert.equal(await once({ ...request, account: 'other' }, async () => 3), 3)
})

test('of two at once one runs and the other conflicts', async (t) => {
  const db = await testTables(t)
  const { once } = memory(db, Buffer.alloc(32, 1))
  const gate = Promise.withResolvers<number>()
  const started = Promise.withResolvers<void>()
  const first = once(request, async () => {
    started.resolve()
    return await gate.promise
  })
  await started.promise
  await assert.rejects(
    once(request, async () => 2),
    conflict,
  )
  gate.resolve(1)
  assert.equal(await first, 1)
  assert.equal(await once(request, async () => 3), 1)
})

test('a failed request may be repeated', async (t) => {
  const db = await testTables(t)
  const { once } = memory(db, Buffer.alloc(32, 1))
  await assert.rejects(once(request, async () => await Promise.reject(new Fault('house.stopping'))))
  assert.equal(await once(request, async () => 2), 2)
})

test('the key of a process that died before answering is free again after two minutes', async (t) => {
  const db = await testTables(t)
  const { once } = memory(db, Buffer.alloc(32, 1))
  void once(request, async () => await new Promise<never>(() => undefined))
  while ((await db.selectFrom('idempotency').selectAll().execute()).length === 0) await new Promise(setImmediate)
  await assert.rejects(
    once(request, async () => 2),
    conflict,
  )
  await db
    .updateTable('idempotency')
    .set({ created_at: sql<Date>`now() - interval '3 minutes'` })
    .execute()
  assert.equal(await once(request, async () => 2), 2)
})

test('neither inputs nor answers can be read in the table', async (t) => {
  const db = await testTables(t)
  const { once } = memory(db, Buffer.alloc(32, 1))
  await once({ ...request, input: { password: 'sesame' } }, async () => ({ url: 'https://x/files/signed' }))
  const text = JSON.stringify(await db.selectFrom('idempotency').selectAll().execute())
  assert.doesNotMatch(text, /sesame|signed/)
})

test('answers are forgotten after a day', async (t) => {
  const db = await testTables(t)
  const { once } = memory(db, Buffer.alloc(32, 1))
  await once(request, async () => 1)
  assert.equal(await forget(db), 0)
  await db
    .updateTable('idempotency')
    .set({ created_at: sql<Date>`now() - interval '25 hours'` })
    .execute()
  assert.equal(await forget(db), 1)
})

test('a key that cannot be a header is refused', async (t) => {
  const db = await testTables(t)
  const { once } = memory(db, Buffer.alloc(32, 1))
  for (const key of ['', 'a b', 'x'.repeat(256), 'ü'])
    await assert.rejects(
      once({ ...request, key }, async () => 1),
      (thrown) => isFault(thrown, 'input.invalid'),
    )
})

test('audit entries say who, what, which, from where and how it ended', async (t) => {
  const db = await testTables(t)
  await auditor(db)({
    operation: 'jobs.cancel',
    outcome: 'done',
    account: 'owner',
    address: '::1',
    request: 'r',
    target: 'j',
  })
  const { id: _, at, ...row } = await db.selectFrom('audit').selectAll().executeTakeFirstOrThrow()
  assert.ok(at instanceof Date)
  assert.deepEqual(row, {
    account_id: 'owner',
    address: '::1',
    request_id: 'r',
    operation: 'jobs.cancel',
    target: 'j',
    outcome: 'done',
  })
})

test('a repeated mutation is done and audited once, whoever else asks', async (t) => {
  const db = await testTables(t)
  const ports = { ...fakeDoor(), memory: memory(db, Buffer.alloc(32, 1)) }
  let runs = 0
  const pause = os.queue.pause.handler(async () => ({ paused: ++runs > 0 }))
  const router = assemble(fakeParts({ queue: { pause } }), { door: door(ports), capabilities: new Set() })
  const call = async (idempotencyKey?: string) =>
    await admit(router, { credential: local, requestId: 'r', ...(idempotencyKey && { idempotencyKey }) }).queue.pause()
  assert.deepEqual(await call('k'), await call('k'))
  assert.equal(runs, 1)
  assert.equal(ports.audited.length, 1)
  await call()
  assert.equal(runs, 2)
})

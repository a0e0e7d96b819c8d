import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { sql } from 'kysely'
import { quiet, testDatabase } from '#test/postgres.ts'
import { errorCode } from './fault.ts'
import { openDatabase } from './open.ts'
import { transact } from './transact.ts'

const { url } = await testDatabase({ after })
type Counters = { counters: { id: number; n: number } }
const database = await openDatabase<Counters>({ url, log: quiet, name: 'test' })
after(() => database[Symbol.asyncDispose]())
const { db } = database
await sql`create table counters (id int primary key, n int not null)`.execute(db)

test('what throws is rolled back, what returns is kept', async () => {
  const reason = new Error('no')
  const failing = transact(db, async (tx) => {
    await tx.insertInto('counters').values({ id: 100, n: 1 }).execute()
    throw reason
  })
  await assert.rejects(failing, reason)
  assert.equal(
    await transact(db, (tx) =>
      tx
        .selectFrom('counters')
        .select('n')
        .where('id', '=', 100)
        .execute()
        .then((rows) => rows.length),
    ),
    0,
  )
})

test('transactions that collide are run again until each has counted', async () => {
  await db.insertInto('counters').values({ id: 1, n: 0 }).execute()
  let runs = 0
  const count = () =>
    transact(
      db,
      async (tx) => {
        runs++
        const { n } = await tx.selectFrom('counters').select('n').where('id', '=', 1).executeTakeFirstOrThrow()
        await tx
          .updateTable('counters')
          .set({ n: n + 1 })
          .where('id', '=', 1)
          .execute()
      },
      { isolation: 'serializable' },
    )
  // Both have read before either writes: one must fail and come again.
  const gate = Promise.withResolvers<void>()
  const read = Promise.withResolvers<void>()
  const slow = transact(
    db,
    async (tx) => {
      runs++
      const { n } = await tx.selectFrom('counters').select('n').where('id', '=', 1).executeTakeFirstOrThrow()
      read.resolve()
      await gate.promise
      await tx
        .updateTable('counters')
        .set({ n: n + 1 })
        .where('id', '=', 1)
        .execute()
    },
    { isolation: 'serializable' },
  )
  await read.promise
  await count()
  gate.resolve()
  await slow
  assert.equal(runs, 3)
  assert.equal((await db.selectFrom('counters').select('n').where('id', '=', 1).executeTakeFirst())?.n, 2)
})

test('a deadlock is resolved by running one side again', async () => {
  await db
    .insertInto('counters')
    .values([
      { id: 10, n: 0 },
      { id: 11, n: 0 },
    ])
    .execute()
  const both = Promise.withResolvers<void>()
  let holding = 0
  const cross = (first: number, second: number) =>
    transact(db, async (tx) => {
      await tx
        .updateTable('counters')
        .set({ n: sql`n + 1` })
        .where('id', '=', first)
        .execute()
      if (++holding === 2) both.resolve()
      await both.promise
      await tx
        .updateTable('counters')
        .set({ n: sql`n + 1` })
        .where('id', '=', second)
        .execute()
    })
  await Promise.all([cross(10, 11), cross(11, 10)])
  const rows = await db.selectFrom('counters').select('n').where('id', 'in', [10, 11]).execute()
  assert.deepEqual(rows, [{ n: 2 }, { n: 2 }])
  assert(holding > 2, 'there was a deadlock')
})

test('any other failure is thrown at once', async () => {
  let runs = 0
  const failing = transact(db, async (tx) => {
    runs++
    await sql`select 1 / 0`.execute(tx)
  })
  assert.equal(errorCode(await failing.catch((error: unknown) => error)), '22012')
  assert.equal(runs, 1)
})

test('an aborted signal starts nothing', async () => {
  const reason = new Error('stopping')
  const never = transact(db, async () => assert.fail('must not run'), { signal: AbortSignal.abort(reason) })
  await assert.rejects(never, reason)
})

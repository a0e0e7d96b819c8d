import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { isFault } from '@jackdaw/contract/faults.ts'
import { oldPostgres } from '#test/fakes/old-postgres.ts'
import { quiet, testDatabase, testFolder } from '#test/postgres.ts'
import { checked } from './checked-pool.ts'
import { openEmbedded } from './embedded.ts'
import { errorCode } from './fault.ts'
import { openDatabase } from './open.ts'

const { url } = await testDatabase({ after })
const open = (pool = {}) => openDatabase<Record<string, never>>({ url, pool, log: quiet, name: 'jackdaw test' })

test('a connection is set up as the house needs it', async () => {
  await using database = await open()
  const { rows } = await sql<Record<string, unknown>>`select current_setting('search_path') as path,
    current_setting('jit') as jit, current_setting('statement_timeout') as patience,
    current_setting('application_name') as name, current_setting('TimeZone') as zone`.execute(database.db)
  assert.deepEqual(rows[0], {
    path: 'jackdaw, public',
    jit: 'off',
    patience: '1min',
    name: 'jackdaw test',
    zone: 'UTC',
  })
  assert(database.version >= 150_000)
})

test('values arrive as the types say', async () => {
  await using database = await open()
  const { rows } = await sql<
    Record<string, unknown>
  >`select 9007199254740991::int8 as big, array[1, null]::int8[] as bigs,
    '2026-11-20T10:00:00+02'::timestamptz as at, '2026-11-20'::date as day, '{"a": [1]}'::jsonb as json,
    null::int8 as nothing, array[]::int8[] as none`.execute(database.db)
  assert.deepEqual(rows[0], {
    big: 9007199254740991,
    bigs: [1, null],
    at: new Date('2026-11-20T08:00:00Z'),
    day: '2026-11-20',
    json: { a: [1] },
    nothing: null,
    none: [],
  })
})

test('a number that would be rounded is an error, not a wrong answer', async () => {
  await using database = await open()
  await assert.rejects(sql`select 9007199254740993::int8 as big`.execute(database.db), RangeError)
})

test('the pool grows to size and overflow, tells its state, and makes the rest wait', async () => {
  await using database = await open({ size: 1, overflow: 1 })
  assert.equal(database.state().max, 2)
  const first = await database.pool.connect()
  const second = await database.pool.connect()
  const third = database.pool.connect()
  assert.deepEqual(database.state(), { total: 2, idle: 0, waiting: 1, max: 2 })
  first.release()
  const client = await third
  client.release()
  second.release()
  assert.deepEqual(database.state(), { total: 2, idle: 2, waiting: 0, max: 2 })
})

test('a statement that takes too long is stopped', async () => {
  await using database = await open({ statementTimeoutSeconds: 0.05 })
  const error = await sql`select pg_sleep(60)`.execute(database.db).catch((thrown: unknown) => thrown)
  assert.equal(errorCode(error), '57014')
})

test('a connection that died unnoticed is replaced before it is lent', async () => {
  await using database = await open({ size: 1, overflow: 0 })
  // Every use is checked here; the connection is made unusable without the pool seeing it end.
  const db = new Kysely<Record<string, never>>({
    dialect: new PostgresDialect({ pool: checked(database.pool, { trustMs: -1, timeoutMs: 50 }) }),
  })
  const pid = () => sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db).then(({ rows }) => rows[0]?.pid)
  const before = await pid()
  assert.equal(await pid(), before, 'a live one is kept')
  const client = await database.pool.connect()
  const mute = client as unknown as { connection: { stream: { write: () => boolean } } }
  mute.connection.stream.write = () => true
  client.release()
  assert.notEqual(await pid(), before)
})

test('a server that is stopped and started again costs faults, never the process', async (t) => {
  const dir = join(await testFolder(t), 'pg')
  await using server = await openEmbedded({ dir, log: quiet })
  await using database = await openDatabase<Record<string, never>>({ url: server.url, log: quiet, name: 'test' })
  const one = () => sql<{ one: number }>`select 1 as one`.execute(database.db)
  const lost = (error: unknown) => isFault(error, 'house.database')

  await Promise.all([one(), one()])
  const idleInTransaction = database.db.transaction().execute(async (tx) => {
    await sql`select 1`.execute(tx)
    await stop(dir)
    await sql`select 1`.execute(tx)
  })
  await assert.rejects(idleInTransaction, lost)
  await assert.rejects(one(), lost)

  await using restarted = await openEmbedded({ dir, log: quiet })
  assert.equal(restarted.url, server.url)
  assert.equal((await one()).rows[0]?.one, 1)

  const busy = sql`select pg_sleep(60)`.execute(database.db)
  const failed = assert.rejects(busy, lost)
  await stop(dir)
  await failed
})

test('a database that is not there is a fault that may be tried again', async (t) => {
  const gone = `postgresql://nobody@localhost/none?host=${await testFolder(t)}`
  await assert.rejects(openDatabase({ url: gone, log: quiet, name: 'test' }), (error) => {
    assert(isFault(error, 'house.database'))
    assert.equal(error.next, 'retry')
    return true
  })
})

test('a server older than 15 is refused with its version', async (t) => {
  const server = oldPostgres(140_012).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  assert(address && typeof address === 'object')
  const old = openDatabase({ url: `postgresql://x@127.0.0.1:${address.port}/x`, log: quiet, name: 'test' })
  await assert.rejects(old, (error) => {
    assert(isFault(error, 'house.database-unfit'))
    assert.match(error.message, /PostgreSQL 14.*15 or newer/)
    return true
  })
})

/** Fast shutdown from outside, as an operator would, and waits until it is done. */
async function stop(dir: string): Promise<void> {
  const pid = Number((await readFile(join(dir, 'postmaster.pid'), 'utf8')).split('\n')[0])
  process.kill(pid, 'SIGINT')
  while (await readFile(join(dir, 'postmaster.pid')).then(Boolean, () => false)) await new Promise(setImmediate)
}

import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { emptyDatabase, quiet, testDatabase, testFolder } from '#test/postgres.ts'
import { migrate, migrationsFolder, pendingMigrations, readMigrations } from './migrate.ts'
import { openDatabase } from './open.ts'

const unfit = (says: RegExp) => (error: unknown) => {
  assert(isFault(error, 'house.database-unfit'))
  assert.match(error.message, says)
  return true
}

async function setUp(t: TestContext) {
  const { url } = await emptyDatabase(t)
  const folder = await testFolder(t)
  const open = () => openDatabase({ url, log: quiet, name: 'test' })
  const database = await open()
  t.after(() => database[Symbol.asyncDispose]())
  const write = (name: string, sql: string) => writeFile(join(folder, name), sql)
  await write('0001-house.sql', 'create table things (id int primary key);\ninsert into things values (1);\n')
  await write('0002-more.sql', 'alter table things add column name text;')
  return { pool: database.pool, folder, write, open, log: quiet }
}

test('migrations are applied in order, once, into the schema jackdaw', async (t) => {
  const { pool, folder, log } = await setUp(t)
  assert.deepEqual(await pendingMigrations({ pool, folder }), ['0001-house', '0002-more'])
  assert.deepEqual(await migrate({ pool, folder, log }), ['0001-house', '0002-more'])
  assert.deepEqual(await migrate({ pool, folder, log }), [])
  assert.deepEqual(await pendingMigrations({ pool, folder }), [])
  assert.deepEqual((await pool.query('select * from jackdaw.things')).rows, [{ id: 1, name: null }])
  const { rows } = await pool.query('select id, name, length(sha256) as digits from jackdaw.migrations order by id')
  assert.deepEqual(rows, [
    { id: 1, name: '0001-house', digits: 64 },
    { id: 2, name: '0002-more', digits: 64 },
  ])
})

test('several processes at once apply each migration once', async (t) => {
  const { folder, open, log } = await setUp(t)
  const done = await Promise.all(
    Array.from({ length: 6 }, async () => {
      await using own = await open()
      return await migrate({ pool: own.pool, folder, log })
    }),
  )
  assert.deepEqual(done.flat().sort(), ['0001-house', '0002-more'])
})

test('a migration that fails leaves nothing of itself, and those before it stay', async (t) => {
  const { pool, folder, write, log } = await setUp(t)
  await write('0003-wrong.sql', 'create table half (id int); select 1 / 0;')
  await assert.rejects(migrate({ pool, folder, log }), unfit(/0003-wrong failed: division by zero/))
  assert.equal((await pool.query(`select to_regclass('jackdaw.half') as half`)).rows[0].half, null)
  assert.deepEqual(await pendingMigrations({ pool, folder }), ['0003-wrong'])
  await write('0003-wrong.sql', 'create table half (id int);')
  assert.deepEqual(await migrate({ pool, folder, log }), ['0003-wrong'])
})

test('an edited file and a newer database stop the start; line ends do not count', async (t) => {
  const { pool, folder, write, log } = await setUp(t)
  await migrate({ pool, folder, log })
  await write('0001-house.sql', 'create table things (id int primary key);\r\ninsert into things values (1);\r\n')
  assert.deepEqual(await migrate({ pool, folder, log }), [])
  await write('0001-house.sql', 'create table things (id int);')
  await assert.rejects(migrate({ pool, folder, log }), unfit(/edited/))
  await assert.rejects(pendingMigrations({ pool, folder }), unfit(/edited/))
  await write('0001-house.sql', 'create table things (id int primary key);\ninsert into things values (1);\n')
  await rm(join(folder, '0002-more.sql'))
  await assert.rejects(migrate({ pool, folder, log }), unfit(/newer Jackdaw/))
})

test('files that are not named like a migration, or share a number, are refused', async (t) => {
  const folder = await testFolder(t)
  await writeFile(join(folder, '0001-a.sql'), '')
  await writeFile(join(folder, '0001-b.sql'), '')
  await assert.rejects(readMigrations(folder), /two migrations/)
  await rm(join(folder, '0001-b.sql'))
  await writeFile(join(folder, '2-b.sql'), '')
  await assert.rejects(readMigrations(folder), /not named like/)
})

test('the migrations of this code are applied in a test database', async (t) => {
  const { url } = await testDatabase(t)
  await using database = await openDatabase({ url, log: quiet, name: 'test' })
  assert.deepEqual(await pendingMigrations({ pool: database.pool, folder: migrationsFolder }), [])
  const { rows } = await database.pool.query('select name from jackdaw.migrations order by id')
  assert.deepEqual(
    rows.map(({ name }) => name),
    (await readMigrations(migrationsFolder)).map(({ name }) => name),
  )
})

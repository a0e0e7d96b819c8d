import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from 'pg'
import { sweepTestDatabases, testDatabase, testServer, withDatabase } from '#test/postgres.ts'

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

const exists = async (url: string, name: string) =>
  (await ask(url, `select 1 from pg_database where datname = '${name}'`)).length === 1

test('two test databases know nothing of each other, and are dropped when their owner ends', async (t) => {
  await using server = await testServer()
  const names: string[] = []
  await t.test('while they are used', async (inner) => {
    const one = await testDatabase(inner)
    const two = await testDatabase(inner)
    names.push(one.name, two.name)
    await ask(one.url, 'create table mine (id int)')
    assert.deepEqual(await ask(two.url, `select to_regclass('mine') as mine`), [{ mine: null }])
    assert.notDeepEqual(await ask(two.url, `select to_regclass('jackdaw.migrations')::text as there`), [
      { there: null },
    ])
  })
  for (const name of names) while (await exists(server.url, name)) await new Promise(setImmediate)
})

test('the sweep drops what killed runs left, and nothing that is in use', async (t) => {
  if (process.env['JACKDAW_TEST_DATABASE_URL']) return t.skip('a shared server is not swept')
  await using server = await testServer()
  const used = await testDatabase(t)
  // No process has a number this high.
  const left = `test_${2 ** 22 + 1}_0badcafe`
  await ask(server.url, `create database ${left}`)
  await sweepTestDatabases(server.url)
  assert(!(await exists(server.url, left)))
  assert(await exists(server.url, used.name))
  assert.deepEqual(await ask(withDatabase(server.url, used.name), 'select 1 as one'), [{ one: 1 }])
  return undefined
})

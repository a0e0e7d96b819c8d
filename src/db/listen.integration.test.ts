import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { sql } from 'kysely'
import { isFault } from '@jackdaw/contract/faults.ts'
import { quiet, testDatabase, testFolder } from '#test/postgres.ts'
import { listen, notify } from './listen.ts'
import { openDatabase } from './open.ts'

const { url } = await testDatabase({ after })
const database = await openDatabase<Record<string, never>>({ url, log: quiet, name: 'test' })
after(() => database[Symbol.asyncDispose]())
const { db } = database

/** A listener whose news are events: `notify` (channel, payload) and `reconnect`. */
function ears(channels: string[], name: string) {
  const heard = new EventEmitter()
  const listening = listen({
    url,
    channels,
    name,
    log: quiet,
    onNotify: (channel, payload) => heard.emit('notify', channel, payload),
    onReconnect: () => heard.emit('reconnect'),
  })
  return { heard, listening }
}

const cut = (name: string) =>
  sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${name}`.execute(db)
const count = async (name: string) =>
  (
    await sql<{ n: number }>`select count(*)::int as n from pg_stat_activity where application_name = ${name}`.execute(
      db,
    )
  ).rows[0]?.n

test('a listener hears what was committed on its channels, and nothing that was rolled back', async () => {
  const { heard, listening } = ears(['steps', 'Odd "name"'], 'ears-1')
  await using _ = await listening
  const all: unknown[] = []
  heard.on('notify', (...news) => all.push(news))
  await db
    .transaction()
    .execute(async (tx) => {
      await notify(tx, 'steps', 'rolled back')
      throw new Error('no')
    })
    .catch(() => undefined)
  await notify(db, 'others', 'not mine')
  await db.transaction().execute((tx) => notify(tx, 'steps', 'one'))
  await notify(db, 'Odd "name"', 'two')
  while (all.length < 2) await once(heard, 'notify')
  assert.deepEqual(all, [
    ['steps', 'one'],
    ['Odd "name"', 'two'],
  ])
})

test('a listener whose connection is cut says so and hears on', async () => {
  const { heard, listening } = ears(['steps'], 'ears-2')
  await using _ = await listening
  for (let round = 0; round < 2; round++) {
    const again = once(heard, 'reconnect')
    await cut('ears-2')
    await again
    const news = once(heard, 'notify')
    await notify(db, 'steps', `round ${round}`)
    assert.deepEqual(await news, ['steps', `round ${round}`])
  }
})

test('a listener that throws goes on listening', async () => {
  const heard = new EventEmitter()
  await using _ = await listen({
    url,
    channels: ['steps'],
    log: quiet,
    name: 'ears-3',
    onNotify: (_channel, payload) => {
      heard.emit(payload)
      throw new Error('mine')
    },
    onReconnect: () => {
      heard.emit('reconnect')
      throw new Error('mine too')
    },
  })
  const first = once(heard, 'a')
  await notify(db, 'steps', 'a')
  await first
  const again = once(heard, 'reconnect')
  await cut('ears-3')
  await again
  const second = once(heard, 'b')
  await notify(db, 'steps', 'b')
  await second
})

test('a listener leaves no connection when disposed or aborted', async () => {
  const stop = new AbortController()
  const options = { url, channels: ['steps'], log: quiet, name: 'ears-4', onNotify: () => {}, onReconnect: () => {} }
  const first = await listen(options)
  const second = await listen({ ...options, signal: stop.signal })
  assert.equal(await count('ears-4'), 2)
  await first[Symbol.asyncDispose]()
  stop.abort()
  await second[Symbol.asyncDispose]()
  while ((await count('ears-4')) !== 0) await new Promise(setImmediate)
})

test('listening to a database that is not there is a fault at once', async (t) => {
  const gone = `postgresql://localhost/none?host=${encodeURIComponent(join(await testFolder(t), 'none'))}`
  const listening = listen({ url: gone, channels: ['x'], log: quiet, onNotify: () => {}, onReconnect: () => {} })
  await assert.rejects(listening, (error) => isFault(error, 'house.database'))
})

test('a payload that NOTIFY would refuse is refused before', async () => {
  await notify(db, 'steps', 'é'.repeat(3999))
  await assert.rejects(notify(db, 'steps', 'é'.repeat(4000)), RangeError)
})

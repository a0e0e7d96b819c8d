import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createBus, type Message } from '#kernel/bus.ts'
import { connectWakes } from '#pipeline/wakes.ts'
import { quiet, testDatabase, type TestDatabase } from '#test/postgres.ts'

/** A process on the database, and what it hears. */
async function house(t: TestContext, { url, pool }: TestDatabase, name: string) {
  const bus = createBus()
  const heard: Message[] = []
  let told: (() => void) | undefined
  bus.subscribe((message) => {
    heard.push(message)
    told?.()
  })
  const wakes = await connectWakes({ bus, pool, url, house: name, log: quiet })
  t.after(() => wakes[Symbol.asyncDispose]())
  return {
    bus,
    heard,
    wakes,
    async hears(wanted: (message: Message) => boolean): Promise<Message> {
      for (;;) {
        const found = heard.find(wanted)
        if (found) return found
        await new Promise<void>((resolve) => (told = resolve))
      }
    },
  }
}

test('two processes on one database hear each other, and nobody hears itself twice', async (t) => {
  const database = await testDatabase(t)
  const [one, two] = [await house(t, database, 'one'), await house(t, database, 'two')]
  one.bus.publish({ kind: 'asked', jobs: ['j1'] })
  assert.deepEqual(await two.hears(({ kind }) => kind === 'asked'), { kind: 'asked', jobs: ['j1'] })
  two.bus.publish({ kind: 'settings' })
  await one.hears(({ kind }) => kind === 'settings')
  assert.deepEqual(
    one.heard.map(({ kind }) => kind),
    ['asked', 'settings'],
  )
})

test('ten thousand jobs in one message all arrive', async (t) => {
  const database = await testDatabase(t)
  const [one, two] = [await house(t, database, 'one'), await house(t, database, 'two')]
  const jobs = Array.from({ length: 10_000 }, (_, n) => `${n}`.padStart(18, '0'))
  one.bus.publish({ kind: 'events', jobs })
  await two.hears((message) => message.kind === 'events' && message.jobs.includes(jobs.at(-1) ?? ''))
  assert.equal(new Set(two.heard.flatMap((message) => ('jobs' in message ? message.jobs : []))).size, jobs.length)
})

test('what was said before leaving is sent', async (t) => {
  const database = await testDatabase(t)
  const [one, two] = [await house(t, database, 'one'), await house(t, database, 'two')]
  one.bus.publish({ kind: 'ended', jobs: ['last'] })
  await one.wakes[Symbol.asyncDispose]()
  await two.hears(({ kind }) => kind === 'ended')
})

test('whoever lost its ear looks at everything when it listens again', async (t) => {
  const database = await testDatabase(t)
  const one = await house(t, database, 'one')
  await database.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'jackdaw wakes' and datname = current_database()`,
  )
  await one.hears((message) => message.kind === 'events' && message.jobs.length === 0)
  assert.deepEqual(one.heard, [
    { kind: 'settings' },
    { kind: 'ready' },
    { kind: 'asked', jobs: [] },
    { kind: 'events', jobs: [] },
  ])
})

test('while the database is away wakes do not pile up, and the newest arrive when it is back', async (t) => {
  const database = await testDatabase(t)
  const two = await house(t, database, 'two')
  const bus = createBus()
  let away = true
  let queries = 0
  const pool = {
    query: async (...how: Parameters<typeof database.pool.query>) => {
      queries++
      if (away) await new Promise((resolve) => setTimeout(resolve, 50))
      if (away) throw new Error('away')
      return await database.pool.query(...how)
    },
  } as unknown as typeof database.pool
  const wakes = await connectWakes({ bus, pool, url: database.url, house: 'one', log: quiet })
  t.after(() => wakes[Symbol.asyncDispose]())
  for (let n = 0; n < 10_000; n++) bus.publish({ kind: 'asked', jobs: [`j${n % 10}`] })
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.ok(queries <= 3, `${queries} queries`)
  away = false
  bus.publish({ kind: 'asked', jobs: ['now'] })
  await two.hears((message) => message.kind === 'asked' && message.jobs.includes('now'))
})

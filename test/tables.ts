import type { Kysely } from 'kysely'
import { openDatabase } from '#db/open.ts'
import type { Tables } from '#db/tables.ts'
import { quiet, testDatabase } from './postgres.ts'
import type { After } from './postgres.ts'

/** A fresh database of this test, opened: closed and dropped when `t` ends. */
export async function testTables(t: After): Promise<Kysely<Tables>> {
  const drops: (() => unknown)[] = []
  const { url } = await testDatabase({ after: (drop) => void drops.push(drop as () => unknown) })
  const database = await openDatabase<Tables>({ url, log: quiet, name: 'test' })
  // Hooks of a test run in the order of their making; connections go before their database does.
  t.after(async () => {
    await database[Symbol.asyncDispose]()
    for (const drop of drops) await drop()
  })
  return database.db
}

import { createHash, randomBytes } from 'node:crypto'
import { chmod, lstat, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, type Pool } from 'pg'
import { type EmbeddedDatabase, openEmbedded } from '#db/embedded.ts'
import type { Log } from '#db/log.ts'
import { migrate, migrationsFolder, readMigrations } from '#db/migrate.ts'
import { type Db, openDatabase } from '#db/open.ts'
import type { Tables } from '#db/tables.ts'

/** What ends at some time: the context of a test or, at the top level of a file, `{ after }` of node:test. */
export interface After {
  after(fn: () => Promise<void>): void
}

export interface EmptyDatabase {
  readonly url: string
  readonly name: string
}

export interface TestDatabase extends EmptyDatabase {
  readonly db: Db<Tables>
  readonly pool: Pool
}

/** A logger that says nothing. */
export const quiet: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/**
 * A fresh database with all migrations applied, dropped when `t` ends. It lies on the server of this test run, which
 * starts with the first one that asks and stops with the last, or on JACKDAW_TEST_DATABASE_URL. That server does not
 * wait for the disk; a test about durability opens a cluster of its own in a `testFolder`.
 */
export async function testDatabase(t: After): Promise<TestDatabase> {
  const { url, name } = await emptyDatabase(t, ensureTemplate)
  const database = await openDatabase<Tables>({
    url,
    log: quiet,
    name: 'jackdaw test',
    pool: { size: 2, overflow: 10 },
  })
  t.after(async () => await database[Symbol.asyncDispose]())
  return { url, name, db: database.db, pool: database.pool }
}

/** The same without any migration. */
export async function emptyDatabase(
  t: After,
  template: (url: string) => Promise<string> = async () => 'template0',
): Promise<EmptyDatabase> {
  const server = await testServer()
  const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`
  try {
    const from = await template(server.url)
    await asAdmin(server.url, (client) => client.query(`create database ${name} template ${from}`))
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
  // Hooks run in the order of their making: whoever uses the database leaves it after this one, so it is not awaited.
  t.after(async () => void dropWhenLeft(server, name))
  return { url: withDatabase(server.url, name), name }
}

// Time for the hooks of a test to close their connections.
const leaveWithinMs = 10_000

async function dropWhenLeft(server: Server, name: string): Promise<void> {
  const until = performance.now() + leaveWithinMs
  try {
    await asAdmin(server.url, async (client) => {
      while (performance.now() < until) {
        const { rowCount } = await client.query('select from pg_stat_activity where datname = $1', [name])
        if (rowCount === 0) break
        await sleep(20)
      }
      await client.query(`drop database if exists ${name} with (force)`)
    })
  } catch {
    // The test is over, and the sweep of the next run drops what stays.
  } finally {
    await server[Symbol.asyncDispose]()
  }
}

/** A temporary folder, removed when `t` ends, that the database's user may pass through when the tests run as root. */
export async function testFolder(t: After, name = 'jackdaw-test'): Promise<string> {
  const folder = await mkdtemp(`/tmp/${name}-`)
  await chmod(folder, 0o755)
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

type Server = Pick<EmbeddedDatabase, 'url' | typeof Symbol.asyncDispose>

/** The server of this test run: every test process attaches to it, the last one out stops it. */
export async function testServer(): Promise<Server> {
  const given = process.env['JACKDAW_TEST_DATABASE_URL']
  if (given) return { url: given, [Symbol.asyncDispose]: async () => undefined }
  const fast = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', deadlock_timeout: '50ms' }
  const settings = { ...fast, max_connections: '400' }
  return await openEmbedded({ dir: join(await serverFolder(), 'pg'), log: quiet, settings })
}

/** Drops what killed test runs left: their databases, and templates of other migrations. */
export async function sweepTestDatabases(url: string): Promise<void> {
  const template = await templateName()
  await asAdmin(url, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      String.raw`select datname from pg_database where datname ~ '^test_\d+_' or datname ~ '^template_[0-9a-f]{12}'`,
    )
    for (const { datname } of rows) {
      const pid = Number(/^test_(\d+)_/.exec(datname)?.[1] ?? 0)
      if (datname === template || (pid > 0 && isRunning(pid))) continue
      await client.query(`drop database if exists ${datname} with (force)`)
    }
  })
}

/** The same server and rights, another database. */
export function withDatabase(url: string, name: string): string {
  const parsed = new URL(url)
  parsed.pathname = `/${name}`
  return parsed.href
}

async function ensureTemplate(url: string): Promise<string> {
  const template = await templateName()
  await asAdmin(url, async (client) => {
    const there = () => client.query('select from pg_database where datname = $1', [template])
    if ((await there()).rowCount) return
    await client.query(`select pg_advisory_lock(hashtext('jackdaw test template'))`)
    if ((await there()).rowCount) return
    // Built under another name, so that a run that is killed meanwhile leaves no half template.
    const draft = `${template}_draft`
    await client.query(`drop database if exists ${draft} with (force)`)
    await client.query(`create database ${draft}`)
    {
      await using database = await openDatabase({ url: withDatabase(url, draft), log: quiet, name: 'test template' })
      await migrate({ pool: database.pool, log: quiet })
    }
    await client.query(`alter database ${draft} rename to ${template}`)
  })
  return template
}

async function templateName(): Promise<string> {
  const hash = createHash('sha256')
  for (const { name, sha256 } of await readMigrations(migrationsFolder)) hash.update(`${name} ${sha256}\n`)
  return `template_${hash.digest('hex').slice(0, 12)}`
}

async function asAdmin<R>(url: string, work: (client: Client) => Promise<R>): Promise<R> {
  const client = new Client({ connectionString: url })
  client.on('error', nothing)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** One per checkout and OS user. Somebody else's folder of that name is not trusted. */
async function serverFolder(): Promise<string> {
  const uid = process.getuid?.() ?? 0
  const checkout = createHash('sha256')
    .update(import.meta.dirname)
    .digest('hex')
    .slice(0, 8)
  const folder = `/tmp/jackdaw-tests-${uid}-${checkout}`
  await mkdir(folder, { recursive: true, mode: 0o755 })
  const found = await lstat(folder)
  if (found.uid !== uid || !found.isDirectory()) throw new Error(`${folder} belongs to somebody else: remove it`)
  return folder
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function nothing(): void {}

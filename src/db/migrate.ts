import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pool, PoolClient } from 'pg'
import { Fault } from '@jackdaw/contract/faults.ts'
import { databaseFault, isConnectionLoss } from './fault.ts'
import type { Log } from './log.ts'

export interface Migration {
  readonly id: number
  /** As in the file name, `0001-house`. */
  readonly name: string
  readonly sha256: string
  readonly sql: string
}

/** The migrations that belong to this version of the code. */
export const migrationsFolder = join(import.meta.dirname, 'migrations')

export interface MigrateOptions {
  /** Of `openDatabase`: its connections look into the schema `jackdaw` first. */
  readonly pool: Pool
  readonly folder?: string
  readonly log: Log
}

// Any fixed number does; this one spells "jackdaw" on a phone.
const lockKey = 5_225_329

/**
 * Brings the database up to the code: plain SQL files `NNNN-name.sql`, in order, each in a transaction, once. Several
 * processes may do so at once. Answers the names of those it applied. Throws `house.database-unfit` when a file that
 * was applied has been edited or is missing, and when the database is newer than the code.
 */
export async function migrate({ pool, folder = migrationsFolder, log }: MigrateOptions): Promise<string[]> {
  const files = await readMigrations(folder)
  return await withClient(pool, async (client) => {
    await client.query('set statement_timeout = 0')
    await client.query('select pg_advisory_lock($1)', [lockKey])
    await client.query(`create schema if not exists jackdaw;
      create table if not exists jackdaw.migrations (
        id int primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now())`)
    const pending = compare(files, await appliedOn(client))
    for (const migration of pending) {
      await apply(client, migration)
      log.info({ migration: migration.name }, 'migration applied')
    }
    return pending.map(({ name }) => name)
  })
}

/** The names of the migrations that `migrate` would apply, after the same checks. Changes nothing. */
export async function pendingMigrations({ pool, folder = migrationsFolder }: Omit<MigrateOptions, 'log'>) {
  const files = await readMigrations(folder)
  return await withClient(pool, async (client) => {
    const { rows } = await client.query(`select to_regclass('jackdaw.migrations') is not null as there`)
    const applied = rows[0]?.there ? await appliedOn(client) : []
    return compare(files, applied).map(({ name }) => name)
  })
}

/** Reads the folder in order. Line ends do not count, because git may rewrite them. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const migrations: Migration[] = []
  for (const file of names) {
    const [, name, number] = /^((\d{4})-[a-z0-9-]+)\.sql$/.exec(file) ?? []
    if (!name || !number) throw new Error(`${join(folder, file)} is not named like 0001-house.sql`)
    const sql = (await readFile(join(folder, file), 'utf8')).replaceAll('\r\n', '\n')
    const id = Number(number)
    if (migrations.at(-1)?.id === id) throw new Error(`two migrations in ${folder} have the number ${number}`)
    migrations.push({ id, name, sha256: createHash('sha256').update(sql).digest('hex'), sql })
  }
  return migrations
}

type Applied = Pick<Migration, 'id' | 'name' | 'sha256'>

/** Which files are still to be applied; pure. */
export function compare(files: readonly Migration[], applied: readonly Applied[]): Migration[] {
  const newest = files.at(-1)?.id ?? 0
  for (const row of applied) {
    const file = files.find(({ id }) => id === row.id)
    if (!file && row.id > newest) {
      throw unfit(`it was last used by a newer Jackdaw (migration ${row.name}): start that version or a newer one`)
    }
    if (!file) throw unfit(`the migration ${row.name}, which was applied to it, is missing from this Jackdaw`)
    if (file.sha256 !== row.sha256) {
      throw unfit(`the migration ${row.name} was edited after it was applied; put the file back as it was`)
    }
  }
  const last = applied.reduce((most, { id }) => Math.max(most, id), 0)
  const pending = files.filter(({ id }) => !applied.some((row) => row.id === id))
  const late = pending.find(({ id }) => id < last)
  if (late) throw unfit(`the migration ${late.name} comes before one that is applied already; give it a new number`)
  return pending
}

async function apply(client: PoolClient, { id, name, sha256, sql }: Migration): Promise<void> {
  await client.query('begin')
  await client.query(sql).catch((cause: unknown) => {
    if (isConnectionLoss(cause)) throw databaseFault(cause)
    const said = cause instanceof Error ? cause.message : String(cause)
    throw new Fault('house.database-unfit', { reason: `migration ${name} failed: ${said}` }, { cause })
  })
  await client.query('insert into jackdaw.migrations (id, name, sha256) values ($1, $2, $3)', [id, name, sha256])
  await client.query('commit')
}

async function appliedOn(client: PoolClient): Promise<Applied[]> {
  return (await client.query<Applied>('select id, name, sha256 from jackdaw.migrations order by id')).rows
}

/** A connection of its own, closed afterwards: with it go the lock, its settings and an open transaction. */
async function withClient<R>(pool: Pool, work: (client: PoolClient) => Promise<R>): Promise<R> {
  const client = await pool.connect().catch((error: unknown) => {
    throw databaseFault(error)
  })
  try {
    return await work(client)
  } catch (error) {
    throw databaseFault(error)
  } finally {
    client.release(true)
  }
}

function unfit(reason: string): Fault {
  return new Fault('house.database-unfit', { reason })
}

import { Fault } from '@jackdaw/contract/faults.ts'

/**
 * The URL of a PostgreSQL database in the one spelling that the driver knows. Accepts what other programs call it:
 * `postgres://`, `postgresql+asyncpg://`, `postgresql+psycopg2://` and their like. Throws `input.config` for anything
 * else, without repeating the URL, which may hold a password.
 */
export function databaseUrl(text: string): string {
  const trimmed = text.trim()
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9.-]*(?:\+[a-z0-9_.-]+)?):(.*)$/is.exec(trimmed) ?? []
  const [family = ''] = scheme.toLowerCase().split('+')
  if (family === 'mongodb') {
    throw wrong(
      'this is a MongoDB URL, and Jackdaw keeps its data in PostgreSQL. Leave the setting empty for the built-in database, then bring the old data over with "jackdaw import mirror-leech URL" (in a later version)',
    )
  }
  if (family === 'sqlite' || family === 'mysql' || family === 'mariadb' || family === 'mssql' || family === 'oracle') {
    throw wrong(
      `${family} is not supported, only PostgreSQL (postgresql://user:password@host/database). Leave the setting empty for the built-in database`,
    )
  }
  if (family !== 'postgres' && family !== 'postgresql') {
    throw wrong('a database URL looks like postgresql://user:password@host:5432/database')
  }
  if (!rest.startsWith('//')) throw wrong('a database URL has // after its first colon, as in postgresql://host/name')
  const url = `postgresql:${rest}`
  if (!URL.canParse(url) && !URL.canParse(url.replace('@/', '@localhost/'))) {
    throw wrong(
      'the database URL cannot be read; characters such as @ : / # ? in the password are written as %40 %3A %2F %23 %3F',
    )
  }
  return url
}

function wrong(reason: string): Fault {
  return new Fault('input.config', { reason: `${reason}.` })
}

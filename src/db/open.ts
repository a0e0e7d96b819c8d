import { Kysely, PostgresDialect, type Transaction } from 'kysely'
import { Pool } from 'pg'
import { Fault } from '@jackdaw/contract/faults.ts'
import { checked } from './checked-pool.ts'
import { databaseFault } from './fault.ts'
import type { Log } from './log.ts'
import { resultTypes } from './types.ts'
import { databaseUrl } from './url.ts'

/** The query builder over tables `T`. */
export type Db<T> = Kysely<T>
/** A `Db` within a transaction. */
export type Tx<T> = Transaction<T>

export interface PoolOptions {
  /** Connections that stay open once they were needed. */
  readonly size: number
  /** Further ones under load, closed again after ten idle seconds. */
  readonly overflow: number
  /** Age at which a connection is replaced, so that memory and moved servers are let go of. */
  readonly recycleSeconds: number
  readonly statementTimeoutSeconds: number
}

export interface PoolState {
  readonly total: number
  readonly idle: number
  /** Callers that wait for a connection. */
  readonly waiting: number
  readonly max: number
}

export interface Database<T> extends AsyncDisposable {
  readonly db: Db<T>
  /** For what Kysely cannot do. Its connections are not checked before use. */
  readonly pool: Pool
  readonly url: string
  /** As in `server_version_num`: 180004 is 18.4. */
  readonly version: number
  state(): PoolState
}

export interface OpenDatabase {
  readonly url: string
  readonly pool?: Partial<PoolOptions>
  readonly log: Log
  /** Shown as application_name to whoever looks at the server. */
  readonly name: string
}

// OPS-12 of the feature list.
export const poolDefaults: PoolOptions = { size: 10, overflow: 20, recycleSeconds: 3600, statementTimeoutSeconds: 60 }

// The oldest version whose features the migrations use, and the oldest that its makers will support through 2027.
const oldestServer = 150_000
// Longer than a busy moment, shorter than the patience of a person.
const waitForConnectionMs = 10_000
const overflowIdleMs = 10_000

/**
 * Connects to a PostgreSQL ≥ 15; the schema `jackdaw` comes first in the search path. Every lost connection surfaces
 * as `house.database` and the pool mends itself. Throws `house.database`, `house.database-unfit` or `input.config`.
 */
export async function openDatabase<T>({ url, pool: wanted, log, name }: OpenDatabase): Promise<Database<T>> {
  const options = { ...poolDefaults, ...wanted }
  const connectionString = databaseUrl(url)
  const pool = new Pool({
    connectionString,
    min: options.size,
    max: options.size + options.overflow,
    idleTimeoutMillis: overflowIdleMs,
    maxLifetimeSeconds: options.recycleSeconds,
    connectionTimeoutMillis: waitForConnectionMs,
    application_name: name,
    keepAlive: true,
    types: resultTypes,
    // Not as start-up options: a URL may bring options of its own, and poolers refuse what they do not know.
    onConnect: async (client) => {
      await client.query(`set search_path = jackdaw, public; set jit = off; set timezone = 'UTC';
        set statement_timeout = ${Math.round(options.statementTimeoutSeconds * 1000)};
        set idle_in_transaction_session_timeout = ${Math.round(options.statementTimeoutSeconds * 2000)}`)
    },
  })
  // Without a listener an idle connection that breaks ends the process; one that breaks while it is lent out has no
  // listener of the pool's either. Whoever uses it gets the failure by its query.
  pool.on('error', (error) => log.warn({ reason: error.message }, 'an idle database connection broke'))
  pool.on('connect', (client) => client.on('error', ignore))

  let version: number
  try {
    version = await serverVersion(pool)
  } catch (error) {
    await pool.end()
    throw databaseFault(error)
  }
  if (version < oldestServer) {
    await pool.end()
    const found = Math.floor(version / 10_000)
    throw new Fault('house.database-unfit', { reason: `it is PostgreSQL ${found}, and Jackdaw needs 15 or newer` })
  }
  const db = new Kysely<T>({ dialect: new PostgresDialect({ pool: checked(pool) }) })
  let closing: Promise<void> | undefined
  return {
    db,
    pool,
    url: connectionString,
    version,
    state: () => ({
      total: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
      max: options.size + options.overflow,
    }),
    [Symbol.asyncDispose]: () => (closing ??= pool.end()),
  }
}

async function serverVersion(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ version: number }>(`select current_setting('server_version_num')::int as version`)
  return rows[0]?.version ?? 0
}

function ignore(): void {}

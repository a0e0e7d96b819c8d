import type { PostgresPool, PostgresPoolClient } from 'kysely'
import type { Pool, PoolClient } from 'pg'
import { databaseFault } from './fault.ts'

export interface CheckOptions {
  /** A connection that was used this recently is believed to live. */
  readonly trustMs: number
  readonly timeoutMs: number
}

const defaults: CheckOptions = { trustMs: 5_000, timeoutMs: 5_000 }

/**
 * The pool as Kysely sees it: a connection that idled is asked for a sign of life before it is lent (a firewall may
 * have dropped it without a word), and a lost connection is thrown as `house.database`.
 */
export function checked(pool: Pool, { trustMs, timeoutMs }: CheckOptions = defaults): PostgresPool {
  const lastUsed = new WeakMap<PoolClient, number>()
  const lent = new WeakMap<PoolClient, PostgresPoolClient>()

  const wrap = (client: PoolClient): PostgresPoolClient => ({
    get processID() {
      return 'processID' in client && typeof client.processID === 'number' ? client.processID : undefined
    },
    query: query(client),
    release: (destroy) => {
      lastUsed.set(client, performance.now())
      client.release(destroy)
    },
  })

  const connect = async (): Promise<PostgresPoolClient> => {
    for (;;) {
      const client = await pool.connect().catch((error: unknown) => {
        throw databaseFault(error)
      })
      const used = lastUsed.get(client)
      // Each failed check removes one connection, so this ends with a live one or with a new one.
      if (used !== undefined && performance.now() - used > trustMs && !(await lives(client, timeoutMs))) {
        client.release(true)
        continue
      }
      const known = lent.get(client) ?? wrap(client)
      lent.set(client, known)
      return known
    }
  }

  return { connect, end: () => pool.end(), options: pool.options }
}

/** Kysely's type has an overload for cursors, which it passes only where a dialect was given them; ours was not. */
function query(client: PoolClient): PostgresPoolClient['query'] {
  const run = (text: string, parameters: unknown[]) =>
    client.query(text, parameters).catch((error: unknown) => {
      throw databaseFault(error)
    })
  return run as unknown as PostgresPoolClient['query']
}

async function lives(client: PoolClient, timeoutMs: number): Promise<boolean> {
  const query = { text: 'select 1', query_timeout: timeoutMs }
  return await client.query(query).then(
    () => true,
    () => false,
  )
}

import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { Client } from 'pg'
import { databaseFault } from './fault.ts'
import type { Log } from './log.ts'
import type { Db, Tx } from './open.ts'
import { databaseUrl } from './url.ts'

export interface Listen {
  readonly url: string
  readonly channels: readonly string[]
  readonly onNotify: (channel: string, payload: string) => void
  /** Called when listening works again after a gap: whatever was sent meanwhile is lost, so read what there is. */
  readonly onReconnect: () => void
  readonly log: Log
  /** Shown as application_name. */
  readonly name?: string
  readonly signal?: AbortSignal
}

// A firewall that forgets idle connections does so after minutes; a dead one is noticed this much later.
const keepAliveMs = 30_000
const answerWithinMs = 10_000
const longestPauseMs = 5_000
// NOTIFY's own limit is 8000 bytes with the closing NUL.
const longestPayload = 7999

/**
 * Listens on one connection of its own until disposed or aborted. Resolves once it listens; throws `house.database`
 * when the first connection fails. Later losses are mended in the background.
 */
export async function listen(options: Listen): Promise<AsyncDisposable> {
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  const first = await connect(options, signal).catch((error: unknown) => {
    throw databaseFault(error)
  })
  const done = keepListening(options, first, signal)
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await done
    },
  }
}

/** Tells every listener of the channel once the transaction commits. At most 7999 bytes: send ids, not things. */
export async function notify<T>(tx: Db<T> | Tx<T>, channel: string, payload: string): Promise<void> {
  if (Buffer.byteLength(payload) > longestPayload) throw new RangeError(`a payload of ${channel} is too long`)
  await sql`select pg_notify(${channel}, ${payload})`.execute(tx)
}

type Connection = { readonly client: Client; readonly lost: Promise<string> }

async function keepListening(options: Listen, first: Connection, signal: AbortSignal): Promise<void> {
  const { log } = options
  let connection = first
  while (!signal.aborted) {
    const why = await untilLost(connection, signal)
    if (signal.aborted) break
    // Not awaited: over a dead line the goodbye never ends.
    void connection.client.end().catch(ignore)
    log.warn({ reason: why }, 'the listening database connection was lost')
    const next = await reconnect(options, signal)
    if (!next) return
    connection = next
    log.info({}, 'listening to the database again')
    guarded(log, () => options.onReconnect())
  }
  await connection.client.end().catch(ignore)
}

async function reconnect(options: Listen, signal: AbortSignal): Promise<Connection | undefined> {
  for (let pauseMs = 50; !signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await connect(options, signal)
    } catch (error) {
      options.log.debug({ reason: error instanceof Error ? error.message : String(error) }, 'cannot listen yet')
    }
    await sleep(pauseMs * (0.5 + Math.random()), undefined, { signal }).catch(ignore)
  }
  return undefined
}

async function connect(options: Listen, signal: AbortSignal): Promise<Connection> {
  signal.throwIfAborted()
  const client = new Client({
    connectionString: databaseUrl(options.url),
    application_name: options.name ?? 'jackdaw listen',
    connectionTimeoutMillis: answerWithinMs,
    query_timeout: answerWithinMs,
    keepAlive: true,
  })
  const lost = new Promise<string>((resolve) => {
    client.on('error', (error) => resolve(error.message))
    client.on('end', () => resolve('the connection ended'))
  })
  client.on('notification', ({ channel, payload }) => {
    guarded(options.log, () => options.onNotify(channel, payload ?? ''))
  })
  try {
    await client.connect()
    for (const channel of options.channels) await client.query(`listen ${client.escapeIdentifier(channel)}`)
    return { client, lost }
  } catch (error) {
    void client.end().catch(ignore)
    throw error
  }
}

/** Waits for the end of the connection, asking for a sign of life now and then. Answers why it ended. */
async function untilLost({ client, lost }: Connection, signal: AbortSignal): Promise<string> {
  const aborted = new Promise<string>((resolve) => {
    if (signal.aborted) resolve('stopped')
    else signal.addEventListener('abort', () => resolve('stopped'), { once: true })
  })
  let asking: NodeJS.Timeout | undefined
  const silent = new Promise<string>((resolve) => {
    asking = setInterval(() => {
      client.query('select 1').catch(() => resolve('it does not answer'))
    }, keepAliveMs)
  })
  try {
    return await Promise.race([lost, aborted, silent])
  } finally {
    clearInterval(asking)
  }
}

/** A listener that throws must not end the process, nor the listening of others. */
function guarded(log: Log, call: () => void): void {
  try {
    call()
  } catch (error) {
    log.error({ err: error }, 'a listener to the database failed')
  }
}

function ignore(): void {}

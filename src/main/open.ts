import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContractRouterClient } from '@orpc/contract'
import type { Contract } from '@jackdaw/contract/contract.ts'
import { diskStore } from '#adapters/disk/store.ts'
import { admit } from '#app/router.ts'
import { openEmbedded } from '#db/embedded.ts'
import { keepRunning } from '#db/keep-running.ts'
import { migrate } from '#db/migrate.ts'
import { openDatabase, type Database } from '#db/open.ts'
import type { Tables } from '#db/tables.ts'
import { ownerToken } from '#faces/rest/place.ts'
import { createBus } from '#kernel/bus.ts'
import { writing } from '#kernel/file-faults.ts'
import { freeBytes } from '#kernel/files.ts'
import type { Log } from '#kernel/log.ts'
import { keyFromFile, sealWith } from '#kernel/seal.ts'
import { createQueue } from '#pipeline/queue.ts'
import { keepScratchClean } from '#pipeline/scratch.ts'
import { openSettings } from '#pipeline/settings.ts'
import { connectWakes } from '#pipeline/wakes.ts'
import { firstLimits, type Config } from './config.ts'
import { keyBytes } from './config/fields.ts'
import { openEngines } from './engines.ts'
import { openLog } from './log.ts'
import { machineId } from './machine.ts'
import type { Parts } from './parts.ts'
import { openRouter } from './router.ts'
import { openWorker } from './worker.ts'
import { startChores } from './chores.ts'

export const roles = ['web', 'worker', 'scheduler', 'bot'] as const
export type Role = (typeof roles)[number]

export interface House extends AsyncDisposable {
  /** Where the house can be reached, when it has the role `web`. */
  readonly url?: string
  /** All operations for one caller. */
  admit(outside: { face: 'cli' }): ContractRouterClient<Contract>
  /** Takes over what may change while running. */
  reload(config: Config): Promise<void>
}

/**
 * Opens the house, the composition root: what each role needs is opened in order and closed in reverse order, so that
 * nothing outlives what it stands on.
 */
export async function openHouse(how: {
  config: Config
  as: readonly Role[]
  /** It stays: as opposed to a command that opens the house for its own sake. */
  isServer: boolean
  signal?: AbortSignal
}): Promise<House> {
  const { config, as, isServer, signal } = how
  await using stack = new AsyncDisposableStack()
  await writing(config.data, 'house', () => makeDataFolder(config.data))
  const log = openLog(config, { isServer })
  const house = randomUUID()

  const database = stack.use(await openHouseDatabase(config, log, signal))
  const { db, pool } = database
  const bus = createBus()
  stack.use(await connectWakes({ bus, pool, url: database.url, house, log }))
  const settings = stack.use(await openSettings({ pool, bus, defaults: firstLimits(config) }))

  const key = config.key === undefined ? await keyFromFile(join(config.data, 'secret.key')) : keyBytes(config.key)
  const seal = sealWith([key])
  const queue = createQueue(pool)
  const store = diskStore(join(config.data, 'store'))
  const engines = openEngines(config, store)
  const machine = await machineId(config.data)
  const scratch = join(config.data, 'scratch')
  const free = () => freeBytes(config.data)
  const parts: Parts = {
    config,
    log,
    db,
    pool,
    bus,
    queue,
    settings,
    store,
    engines,
    machine,
    seal,
    key,
    scratch,
    freeBytes: free,
  }

  const token = as.includes('web') ? (config.apiToken ?? (await ownerToken(config.data))) : ''
  // Known once the server listens: its port may be any free one.
  let publicUrl = config.publicUrl ?? `http://${config.host}:${config.port}`
  const { router, local, metrics, files, health } = openRouter({
    ...parts,
    state: database.state,
    token,
    publicUrl: () => publicUrl,
  })
  if (as.includes('worker') || as.includes('scheduler')) {
    const failed = (error: unknown) => log.warn({ err: error }, 'scratch could not be cleaned')
    stack.use(keepScratchClean({ pool, bus, root: scratch, secrets: join(config.data, 'secrets'), failed }))
  }
  let days = config.eventsDays
  if (as.includes('scheduler')) stack.use(startChores({ db, pool, log, days: () => days }))
  const worker = as.includes('worker') ? stack.use(await openWorker({ ...parts, metrics, roles: as })) : undefined
  // Imported only where it is needed: the REST face takes longer to load than a command to run.
  const web = as.includes('web')
    ? stack.use(await (await import('./web.ts')).openWeb({ config, log, router, metrics, files, health, token }))
    : undefined
  publicUrl = web?.publicUrl ?? publicUrl

  const open = stack.move()
  return {
    ...(web && { url: web.url }),
    admit: () => admit(router, { credential: local, requestId: randomUUID() }),
    async reload(next) {
      log.level = next.logLevel
      days = next.eventsDays
      worker?.reload(next)
      log.info({}, 'configuration reloaded')
    },
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  }
}

async function makeDataFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o755 }).catch(async (error: unknown) => {
    // On a read-only disk a recursive mkdir says ENOENT, and the plain one what is the matter.
    await mkdir(path)
    throw error
  })
  await access(path, constants.W_OK)
}

/** The configured PostgreSQL or the embedded one, with the schema up to date. */
async function openHouseDatabase(config: Config, log: Log, signal: AbortSignal | undefined): Promise<Database<Tables>> {
  await using stack = new AsyncDisposableStack()
  const openHouseServer = async () => {
    const server = stack.use(await openEmbedded({ dir: join(config.data, 'pg'), log, ...(signal && { signal }) }))
    stack.use(keepRunning(server, log))
    return server.url
  }
  const url = config.databaseUrl ?? (await openHouseServer())
  const pool = {
    size: config.databasePool,
    overflow: config.databaseOverflow,
    recycleSeconds: config.databaseRecycleSeconds,
    statementTimeoutSeconds: config.databaseStatementSeconds,
  }
  const database = stack.use(await openDatabase<Tables>({ url, pool, log, name: 'jackdaw' }))
  await migrate({ pool: database.pool, log })
  const open = stack.move()
  return { ...database, [Symbol.asyncDispose]: () => open[Symbol.asyncDispose]() }
}

import type { Kysely } from 'kysely'
import type { EngineView, Service } from '@jackdaw/contract/operations/house.ts'
import type { Tables } from '#db/tables.ts'
import { databaseHealth, diskHealth, queueHealth, toolsHealth, workersHealth } from './rules.ts'
import type { Disk, Found } from './rules.ts'
import { countQueue, countWorkers, ping } from './store.ts'

export interface HealthPorts {
  readonly db: Kysely<Tables>
  /** Room on the disk of the data folder. */
  readonly disk: () => Promise<Disk>
  /** Bytes below which fetching waits. */
  readonly wantedFreeBytes: () => Promise<number>
  readonly isPaused: () => Promise<boolean>
  readonly engines: () => Promise<readonly EngineView[]>
  /** Services that only main knows: Redis, a bot, a provider. */
  readonly others?: () => Promise<readonly Service[]>
}

/** A health check that waits longer than its caller (kubelet: 1 s, Docker: some more) tells nothing. */
const deadlineMs = 2000

/** Looks at every dependency at once and says in words how each is; never throws, never takes longer than 2 s. */
export async function examine(ports: HealthPorts): Promise<Service[]> {
  const [database, disk, wanted, queue, workers, engines, others] = await Promise.all([
    look(async () => await ping(ports.db)),
    look(ports.disk),
    look(ports.wantedFreeBytes),
    look(async () => ({ ...(await countQueue(ports.db)), paused: await ports.isPaused() })),
    look(async () => await countWorkers(ports.db)),
    look(ports.engines),
    look(async () => (await ports.others?.()) ?? []),
  ])
  const missing = 'ok' in engines ? engines.ok.flatMap((engine) => engine.tools).filter((tool) => !tool.path) : []
  return [
    databaseHealth(database),
    diskHealth(disk, 'ok' in wanted ? wanted.ok : 0),
    queueHealth(queue),
    workersHealth(workers, queue),
    toolsHealth([...new Set(missing.map((tool) => tool.name))].toSorted()),
    ...('ok' in others ? others.ok : []),
  ]
}

async function look<T>(at: () => Promise<T>): Promise<Found<T>> {
  const started = performance.now()
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs)
  try {
    const ok = await Promise.race([at(), late.promise])
    return { ok, latencyMs: performance.now() - started }
  } catch (cause) {
    return { failed: cause instanceof Error ? words(cause) : 'unknown' }
  } finally {
    clearTimeout(timer)
  }
}

/** Addresses and credentials that drivers put into their messages are nobody's business at a public health page. */
function words(error: Error): string {
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' && /^[A-Z0-9_]{3,40}$/.test(code) ? code : error.message.replace(/\S*[:/@]\S+/g, '…')
}

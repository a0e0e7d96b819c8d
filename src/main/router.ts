import { randomBytes, randomUUID } from 'node:crypto'
import { statfs } from 'node:fs/promises'
import { Fault } from '@jackdaw/contract/faults.ts'
import { ownerOnly } from '#app/access.ts'
import { auditor } from '#app/audit.ts'
import { door } from '#app/door.ts'
import { houseOperations } from '#app/house/operations.ts'
import { examine, type HealthPorts } from '#app/house/health.ts'
import { createMetrics, type Metrics } from '#app/house/metrics.ts'
import { memory } from '#app/idempotency.ts'
import { jobsOperations } from '#app/jobs/operations.ts'
import { files, type Files } from '#app/library/files.ts'
import { libraryOperations } from '#app/library/operations.ts'
import { signatures } from '#app/library/signatures.ts'
import { preferencesOperations } from '#app/preferences/operations.ts'
import { queueOperations } from '#app/queue/operations.ts'
import { recipesOperations } from '#app/recipes/operations.ts'
import { previewSteps } from '#app/recipes/preview.ts'
import { assemble, type AppRouter } from '#app/router.ts'
import { isAbsolute } from 'node:path'
import type { Service } from '@jackdaw/contract/operations/house.ts'
import type { PoolState } from '#db/open.ts'
import { builtin, checkSteps } from '#pipeline/recipes.ts'
import manifest from '../../package.json' with { type: 'json' }
import { describeEngines } from './describe-engines.ts'
import type { Parts } from './parts.ts'

export interface OpenedRouter {
  readonly router: AppRouter
  /** The credential of faces in this process; it never leaves it. */
  readonly local: string
  readonly metrics: Metrics
  readonly files: Files
  readonly health: () => Promise<Service[]>
}

/** Every operation with what it needs, behind the door. */
export function openRouter(
  parts: Parts & { readonly state: () => PoolState; readonly token: string; readonly publicUrl: () => string },
): OpenedRouter {
  const { config, log, db, pool, bus, queue, settings, store, engines, seal, key } = parts
  const local = randomBytes(32).toString('base64url')
  const metrics = createMetrics({ db, pool: parts.state, version: manifest.version })
  const signed = signatures(key)
  const health: HealthPorts = {
    db,
    disk: async () => {
      const { bavail, blocks, bsize } = await statfs(config.data)
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
    },
    wantedFreeBytes: async () => settings.current().limits.freeBytes,
    isPaused: async () => settings.current().paused,
    engines: describeEngines(engines, config),
  }
  const names = new Set(engines.destinations.map(({ name }) => name))
  const checkDestination = (destination: string) => {
    const [name = '', ...rest] = destination.split(':')
    if (!names.has(name)) throw new Fault('destination.unknown', { destination: name })
    if (name === 'folder' && !isAbsolute(rest.join(':')))
      throw new Fault('input.invalid', { reason: 'a folder is named by its whole path, as in folder:/srv/media' })
  }
  const router = assemble(
    {
      ...jobsOperations({
        pool,
        queue,
        bus,
        seal: (secrets, job) => seal.seal(secrets, job),
        checkDestination,
        processors: engines.processors,
        unseal: (sealed, job) => seal.open(sealed, job),
      }),
      recipes: recipesOperations({
        db,
        builtin,
        check: (steps) => checkSteps(steps, engines.processors),
        checkDestination,
        preview: async (job) => previewSteps(job, await health.engines()),
      }),
      preferences: preferencesOperations({ db, builtin }),
      queue: queueOperations({ pool, bus, settings }),
      library: libraryOperations({
        db,
        store,
        signatures: signed,
        publicUrl: parts.publicUrl,
        announceRemoved: async (tx, asset, account) => {
          await tx
            .insertInto('events')
            .values({
              type: 'asset.removed',
              job_id: asset.job_id,
              account_id: account,
              data: JSON.stringify({ asset: asset.id }),
            })
            .execute()
        },
        now: Date.now,
      }),
      house: houseOperations({
        ...health,
        version: manifest.version,
        environment: config.environment,
        startedAt: new Date(),
        capabilities: () => [{ name: 'library', available: true, says: `content is kept in ${config.data}/store` }],
        metrics,
      }),
    },
    {
      door: door({
        authenticate: ownerOnly({ token: parts.token, local }),
        memory: memory(db, key),
        audit: auditor(db),
        observe: metrics.operation,
        log: log.child({ house: randomUUID().slice(0, 8) }),
        now: () => performance.now(),
      }),
      capabilities: new Set(['library']),
    },
  )
  return {
    router,
    local,
    metrics,
    files: files({ db, store, signatures: signed, now: Date.now }),
    health: () => examine(health),
  }
}

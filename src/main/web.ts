import type { Log } from '#kernel/log.ts'
import type { Service } from '@jackdaw/contract/operations/house.ts'
import type { Metrics } from '#app/house/metrics.ts'
import { isReady, overall } from '#app/house/rules.ts'
import type { Files } from '#app/library/files.ts'
import type { AppRouter } from '#app/router.ts'
import { announceServer } from '#faces/rest/place.ts'
import { serveRest } from '#faces/rest/server.ts'
import manifest from '../../package.json' with { type: 'json' }
import type { Config } from './config.ts'

export interface Web extends AsyncDisposable {
  /** Where this process answers on this machine. */
  readonly url: string
  /** The address that people are given in links. */
  readonly publicUrl: string
}

/** The role `web`: the REST face, and DATA/server.json for the command line while it listens. */
export async function openWeb(how: {
  readonly config: Config
  readonly log: Log
  readonly router: AppRouter
  readonly metrics: Metrics
  readonly files: Files
  readonly health: () => Promise<Service[]>
  /** Of `config.apiToken`, else of DATA/token (`ownerToken`). */
  readonly token: string
}): Promise<Web> {
  const { config, log, router, metrics, files, health, token } = how
  await using stack = new AsyncDisposableStack()
  const rest = stack.use(
    await serveRest(
      {
        router,
        files,
        // It listens last, when everything else is open.
        health: { services: health, isReady, overall, isStarted: () => true },
        metrics,
        log,
        version: manifest.version,
      },
      {
        host: config.host,
        port: config.port,
        ...(config.publicUrl === undefined ? {} : { publicUrl: config.publicUrl }),
        hosts: config.hosts,
        origins: config.corsOrigins,
      },
    ),
  )
  // Removed before the server stops listening, so that nobody is sent to one that is closing.
  stack.use(
    await announceServer(config.data, {
      url: rest.url,
      token,
      pid: process.pid,
      startedAt: new Date().toISOString(),
    }),
  )
  const open = stack.move()
  return {
    url: rest.url,
    publicUrl: rest.publicUrl,
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  }
}

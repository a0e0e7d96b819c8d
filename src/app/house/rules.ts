import type { Service } from '@jackdaw/contract/operations/house.ts'

/** Answers slower than this (ms) are felt in every operation. */
const slowDatabaseMs = 500
/** A ready step is admitted within a second or so; waiting this long (s) with nothing running means that nobody works. */
const stuckAfterSeconds = 60

/** What a look at one dependency found, or why it could not look. */
export type Found<T> = { readonly ok: T; readonly latencyMs: number } | { readonly failed: string }

export function databaseHealth(found: Found<unknown>): Service {
  if ('failed' in found) return { name: 'database', state: 'down', says: `does not answer: ${found.failed}` }
  const latencyMs = Math.round(found.latencyMs * 10) / 10
  return latencyMs > slowDatabaseMs
    ? { name: 'database', state: 'degraded', says: 'answers slowly', latencyMs }
    : { name: 'database', state: 'ok', says: 'answers', latencyMs }
}

export interface Disk {
  readonly freeBytes: number
  readonly totalBytes: number
}

/** `wanted`: fetching waits while less than this many bytes are free. */
export function diskHealth(found: Found<Disk>, wanted: number): Service {
  if ('failed' in found)
    return { name: 'store', state: 'down', says: `the data folder cannot be used: ${found.failed}` }
  const { freeBytes, totalBytes } = found.ok
  const room = `${gigabytes(freeBytes)} of ${gigabytes(totalBytes)} free`
  const latencyMs = Math.round(found.latencyMs * 10) / 10
  return freeBytes < wanted
    ? { name: 'store', state: 'degraded', says: `${room}; fetching waits for ${gigabytes(wanted)}`, latencyMs }
    : { name: 'store', state: 'ok', says: room, latencyMs }
}

export interface QueueCounts {
  readonly ready: number
  readonly running: number
  /** Seconds that the step which waits longest has been ready. */
  readonly oldestSeconds: number
  readonly paused: boolean
}

export function queueHealth(found: Found<QueueCounts>): Service {
  if ('failed' in found) return { name: 'queue', state: 'down', says: `cannot be read: ${found.failed}` }
  const { ready, running, oldestSeconds, paused } = found.ok
  const counts = `${ready} ready, ${running} running`
  if (paused) return { name: 'queue', state: 'ok', says: `paused by an operator; ${counts}` }
  if (ready > 0 && running === 0 && oldestSeconds > stuckAfterSeconds)
    return { name: 'queue', state: 'degraded', says: `${counts}; nothing has run for ${Math.round(oldestSeconds)} s` }
  return { name: 'queue', state: 'ok', says: counts }
}

/** Without a worker nothing is wrong as long as nothing waits for one. */
export function workersHealth(found: Found<number>, queue: Found<Pick<QueueCounts, 'ready'>>): Service {
  if ('failed' in found) return { name: 'workers', state: 'down', says: `cannot be counted: ${found.failed}` }
  if (found.ok > 0) return { name: 'workers', state: 'ok', says: `${found.ok} running` }
  return 'ok' in queue && queue.ok.ready === 0
    ? { name: 'workers', state: 'off', says: 'none runs, and nothing waits for one' }
    : { name: 'workers', state: 'degraded', says: 'none runs: jobs wait until one is started (jackdaw serve)' }
}

/** `missing`: programs that are not installed, with the engines that are absent without them. */
export function toolsHealth(missing: readonly string[]): Service {
  return missing.length === 0
    ? { name: 'tools', state: 'ok', says: 'every program is installed' }
    : { name: 'tools', state: 'degraded', says: `not installed: ${missing.join(', ')}; see jackdaw engines` }
}

/** Whether requests can be answered at all: without a database they cannot. */
export function isReady(services: readonly Service[]): boolean {
  return services.every((service) => service.name !== 'database' || service.state !== 'down')
}

/** The whole in one word: as good as its worst part; a part that is off by choice does not count. */
export function overall(services: readonly Service[]): 'ok' | 'degraded' | 'down' {
  if (!isReady(services)) return 'down'
  return services.some((service) => service.state === 'degraded' || service.state === 'down') ? 'degraded' : 'ok'
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`
}

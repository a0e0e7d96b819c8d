import type { Kysely } from 'kysely'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Tables } from '#db/tables.ts'
import type { Call } from '../door.ts'
import { countWork } from './store.ts'

/** One answered HTTP request. `route` is the template (`/api/v1/jobs/{id}`), never the address. */
export interface Answered {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly seconds: number
}

/** The numbers of this process, in Prometheus' terms and in people's. */
export interface Metrics {
  readonly contentType: string
  text(): Promise<string>
  /** The same numbers as flat names, with the share of successes and mean durations worked out. */
  summary(): Promise<Record<string, number>>
  request(answered: Answered): void
  operation(call: Call): void
  fetched(bytes: number): void
  delivered(bytes: number, destination: string): void
  watching(change: 1 | -1): void
}

export interface MetricsPorts {
  readonly db: Kysely<Tables>
  readonly pool: () => { readonly total: number; readonly idle: number; readonly waiting: number }
  readonly version: string
  /** Process metrics; off in tests, where many registries live in one process. */
  readonly process?: boolean
}

/** Counting a large table costs more than a scrape is worth; scrapers come every 15 s or so. */
const countedForMs = 5000
/** From a cache hit to a long poll, in seconds. */
const buckets = [0.005, 0.02, 0.1, 0.5, 2, 10, 60]

/** Makes the metrics of a house. No label names an account, a link or a file: their number has no limit. */
export function createMetrics(ports: MetricsPorts): Metrics {
  const registry = new Registry()
  const registers = [registry]
  if (ports.process !== false) {
    collectDefaultMetrics({ register: registry })
    // Gauges that are named like counters; `promtool check metrics` refuses them.
    for (const name of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${name}_total`)
  }
  new Gauge({ name: 'jackdaw_info', help: 'Version of Jackdaw', labelNames: ['version'], registers }).set(
    { version: ports.version },
    1,
  )
  const requests = new Counter({
    name: 'jackdaw_http_requests_total',
    help: 'HTTP requests by route and status',
    labelNames: ['method', 'route', 'status'],
    registers,
  })
  const requestSeconds = new Histogram({
    name: 'jackdaw_http_request_duration_seconds',
    help: 'Time to the end of the answer',
    labelNames: ['method', 'route'],
    buckets,
    registers,
  })
  const operations = new Counter({
    name: 'jackdaw_operations_total',
    help: 'Operations by outcome, whatever face they came from',
    labelNames: ['operation', 'outcome'],
    registers,
  })
  const operationSeconds = new Histogram({
    name: 'jackdaw_operation_duration_seconds',
    help: 'Time that an operation took',
    labelNames: ['operation'],
    buckets,
    registers,
  })
  const fetched = new Counter({ name: 'jackdaw_fetched_bytes_total', help: 'Bytes fetched from sites', registers })
  const delivered = new Counter({
    name: 'jackdaw_delivered_bytes_total',
    help: 'Bytes delivered to destinations',
    labelNames: ['destination'],
    registers,
  })
  const watchers = new Gauge({ name: 'jackdaw_watchers', help: 'Open event streams', registers })
  addPool(registry, ports.pool)
  addWork(registry, ports.db)
  return {
    contentType: registry.contentType,
    text: async () => await registry.metrics(),
    summary: async () => summarise(await registry.getMetricsAsJSON()),
    request({ method, route, status, seconds }) {
      requests.inc({ method, route, status })
      requestSeconds.observe({ method, route }, seconds)
    },
    operation({ operation, outcome, ms }) {
      operations.inc({ operation, outcome })
      operationSeconds.observe({ operation }, ms / 1000)
    },
    fetched: (bytes) => fetched.inc(bytes),
    delivered: (bytes, destination) => delivered.inc({ destination }, bytes),
    watching: (change) => watchers.inc(change),
  }
}

function addPool(registry: Registry, pool: MetricsPorts['pool']): void {
  registry.registerMetric(
    new Gauge({
      name: 'jackdaw_database_connections',
      help: 'Connections of this process to the database',
      labelNames: ['state'],
      registers: [],
      collect() {
        const { total, idle, waiting } = pool()
        this.set({ state: 'used' }, total - idle)
        this.set({ state: 'idle' }, idle)
        this.set({ state: 'waiting' }, waiting)
      },
    }),
  )
}

/** The whole house's work, counted in the database at most every few seconds. A database that is down leaves gaps. */
function addWork(registry: Registry, db: Kysely<Tables>): void {
  let counted: { readonly at: number; readonly work: ReturnType<typeof countWork> } | undefined
  const work = async () => {
    if (counted === undefined || performance.now() - counted.at > countedForMs)
      counted = { at: performance.now(), work: countWork(db) }
    return await counted.work.catch(() => {
      counted = undefined
      return { jobs: [], steps: [] }
    })
  }
  registry.registerMetric(
    new Gauge({
      name: 'jackdaw_jobs',
      help: 'Jobs by state',
      labelNames: ['state'],
      registers: [],
      async collect() {
        this.reset()
        for (const { state, n } of (await work()).jobs) this.set({ state }, n)
      },
    }),
  )
  registry.registerMetric(
    new Gauge({
      name: 'jackdaw_steps',
      help: 'Steps that have not ended, by kind and state',
      labelNames: ['kind', 'state'],
      registers: [],
      async collect() {
        this.reset()
        for (const { kind, state, n } of (await work()).steps) this.set({ kind, state }, n)
      },
    }),
  )
  registry.registerMetric(
    new Gauge({
      name: 'jackdaw_queue_depth',
      help: 'Steps that are ready and wait to be admitted, by kind',
      labelNames: ['kind'],
      registers: [],
      async collect() {
        this.reset()
        for (const { kind, state, n } of (await work()).steps) if (state === 'ready') this.set({ kind }, n)
      },
    }),
  )
}

type Json = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** Flat names without `jackdaw_` and without buckets; requests with success rate and mean duration first. */
export function summarise(metrics: Json): Record<string, number> {
  const flat: Record<string, number> = {}
  let requests = 0
  let failures = 0
  let seconds = 0
  for (const metric of metrics) {
    for (const value of metric.values as { value: number; metricName?: string; labels: Record<string, string> }[]) {
      const name = value.metricName ?? metric.name
      if (name.endsWith('_bucket')) continue
      if (name === 'jackdaw_http_requests_total') {
        requests += value.value
        if (Number(value.labels['status']) >= 500) failures += value.value
      }
      if (name === 'jackdaw_http_request_duration_seconds_sum') seconds += value.value
      const labels = Object.values(value.labels).join(' ')
      flat[`${name.replace(/^jackdaw_/, '')}${labels === '' ? '' : ` ${labels}`}`] = value.value
    }
  }
  return {
    requests,
    'success rate': requests === 0 ? 1 : (requests - failures) / requests,
    'mean duration seconds': requests === 0 ? 0 : seconds / requests,
    ...flat,
  }
}

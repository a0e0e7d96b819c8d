import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen } from 'cockatiel'
import type { CircuitBreakerPolicy } from 'cockatiel'
import { Fault, isFault, type Facts } from '@jackdaw/contract/faults.ts'

export interface PaceOptions {
  /** Connections to one site at once. 16: what aria2 allows as its most. */
  readonly connections?: number
  /** Least time between two requests to one site, in milliseconds. 0. */
  readonly spacingMs?: number
}

export interface SiteHealth {
  readonly site: string
  readonly breaker: 'closed' | 'open' | 'half-open'
  readonly connections: number
  /** Milliseconds for which the site asked to be left alone, 0 if it did not. */
  readonly heldMs: number
}

/** Good manners towards each site, and patience with it. */
export interface Pace {
  /** A place among the connections to the site; call the result, once, when it is closed. Waits in order of arrival. */
  connection(site: string, signal?: AbortSignal): Promise<() => void>
  /** Waits until the site may be asked again: spacing, and holds. A hold of more than a minute is `source.throttled`. */
  turn(site: string, signal?: AbortSignal): Promise<void>
  /**
   * Runs unless the breaker is open (`source.unreachable` with `retryAfterSeconds`). Five faults in a row by which the
   * site is ill (unreachable, broken, stalled) open it for 60 s; then two tries have to succeed to close it.
   */
  attempt<T>(site: string, work: () => Promise<T>): Promise<T>
  /** Leaves the site alone: its Retry-After. */
  hold(site: string, ms: number): void
  health(): readonly SiteHealth[]
}

/** The far side that limits apply to: `host` or `host:port` in lower case. Throws `link.invalid`. */
export function siteOf(url: string | URL): string {
  const host = URL.parse(String(url))?.host
  if (!host) throw new Fault('link.invalid', { reason: 'it names no host' })
  return host
}

export function createPace(options: PaceOptions = {}): Pace {
  const { connections = 16, spacingMs = 0 } = options
  const sites = new Map<string, Site>()
  const at = (name: string): Site => {
    const known = sites.get(name)
    if (known) return known
    // A crawl over many sites must not grow for ever: those about which there is nothing to remember go first.
    if (sites.size >= 1000) for (const [name, site] of sites) if (isForgettable(site)) sites.delete(name)
    const site: Site = {
      open: 0,
      waiting: [],
      heldUntil: 0,
      nextAt: 0,
      failures: 0,
      illness: undefined,
      openedAt: 0,
      breaker: createBreaker(),
    }
    site.breaker.onBreak(() => (site.openedAt = Date.now()))
    sites.set(name, site)
    return site
  }

  return {
    async connection(name, signal) {
      signal?.throwIfAborted()
      const site = at(name)
      if (site.open < connections) site.open++
      else await queued(site.waiting, signal)
      let released = false
      return () => {
        if (released) return
        released = true
        // A place is handed on, so the count stays.
        const next = site.waiting.shift()
        if (next) next()
        else site.open--
      }
    },
    async turn(name, signal) {
      signal?.throwIfAborted()
      const site = at(name)
      const held = site.heldUntil - Date.now()
      if (held > 60_000) throw new Fault('source.throttled', { site: name, retryAfterSeconds: Math.ceil(held / 1000) })
      const start = Math.max(Date.now(), site.heldUntil, site.nextAt)
      site.nextAt = start + spacingMs
      await wait(start - Date.now(), signal)
    },
    async attempt(name, work) {
      const site = at(name)
      try {
        const result = await site.breaker.execute(work)
        site.failures = 0
        return result
      } catch (thrown) {
        if (!(thrown instanceof BrokenCircuitError)) {
          if (isIll(thrown)) {
            site.failures++
            site.illness = thrown.facts['reason']
          }
          throw thrown
        }
        const seconds = Math.max(1, Math.ceil((site.openedAt + restMs - Date.now()) / 1000))
        const facts = {
          site: name,
          // What it fails by helps more than that it does: a misspelt name, say.
          reason: `${site.illness === undefined ? '' : `${site.illness}; `}it failed several times in a row and is left alone`,
          retryAfterSeconds: seconds,
        }
        throw new Fault('source.unreachable', facts, { cause: thrown })
      }
    },
    hold(name, ms) {
      const site = at(name)
      site.heldUntil = Math.max(site.heldUntil, Date.now() + ms)
    },
    health: () =>
      [...sites].map(([site, { breaker, open, heldUntil }]) => ({
        site,
        breaker:
          breaker.state === CircuitState.Closed
            ? 'closed'
            : breaker.state === CircuitState.HalfOpen
              ? 'half-open'
              : 'open',
        connections: open,
        heldMs: Math.max(0, heldUntil - Date.now()),
      })),
  }
}

interface Site {
  open: number
  readonly waiting: (() => void)[]
  heldUntil: number
  nextAt: number
  failures: number
  /** The reason of the last failure, for people. */
  illness: Facts[string]
  openedAt: number
  readonly breaker: CircuitBreakerPolicy
}

const restMs = 60_000

const isIll = (thrown: unknown) => isFault(thrown, 'source.unreachable', 'source.broken', 'source.stalled')

const isForgettable = (site: Site) =>
  site.open === 0 && site.failures === 0 && site.breaker.state === CircuitState.Closed && site.heldUntil < Date.now()

const createBreaker = () =>
  circuitBreaker(handleWhen(isIll), {
    breaker: new ConsecutiveBreaker(5),
    halfOpenAfter: restMs,
    halfOpenSampling: { calls: 2, threshold: 0 },
  })

async function queued(waiting: (() => void)[], signal?: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = () => {
    const index = waiting.indexOf(resolve)
    if (index < 0) return
    waiting.splice(index, 1)
    reject(signal?.reason)
  }
  waiting.push(resolve)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    await promise
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

async function wait(ms: number, signal?: AbortSignal): Promise<void> {
  if (ms <= 0) return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  const onAbort = () => reject(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    await promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

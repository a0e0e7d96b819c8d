import { Fault } from '@jackdaw/contract/faults.ts'
import { guardedFetch, type FetchOptions, type GuardedFetch } from './fetch.ts'
import type { Guard } from './guard.ts'
import { siteOf, type Pace } from './pace.ts'

/** The way out for engines: the guard with the pace of each site. One for the whole process. */
export interface Outward extends AsyncDisposable {
  readonly http: GuardedFetch
  readonly connect: Guard['connect']
}

/**
 * Every connection, whether by `http` or `connect`, takes one of the site's places until it is closed, and tells the
 * site's breaker how it went: `connect` whether it came about, `http` also by what was answered (500 and above). An
 * answer 429 or 503 with Retry-After holds the site for all.
 */
export function createOutward(guard: Guard, pace: Pace, options: FetchOptions = {}): Outward {
  const counted: Guard = {
    ...guard,
    async connect(to) {
      const usual = to.tls ? 443 : 80
      const host = to.host.toLowerCase()
      const release = await pace.connection(to.port === usual ? host : `${host}:${to.port}`, to.signal)
      try {
        const socket = await guard.connect(to)
        socket.once('close', release)
        if (socket.closed) release()
        return socket
      } catch (thrown) {
        release()
        throw thrown
      }
    },
  }
  const fetch = guardedFetch(counted, options)

  const http: typeof globalThis.fetch = async (input, init) => {
    const site = siteOf(typeof input === 'object' && 'headers' in input ? input.url : input)
    await pace.turn(site, init?.signal ?? undefined)
    const unwell = { answer: undefined as Response | undefined }
    return await pace
      .attempt(site, async () => {
        const answer = await fetch(input, init)
        const holdMs = [429, 503].includes(answer.status) ? retryAfterMs(answer.headers.get('retry-after')) : undefined
        if (holdMs !== undefined) pace.hold(answer.url ? siteOf(answer.url) : site, holdMs)
        else if (answer.status >= 500) {
          unwell.answer = answer
          throw new Fault('source.broken', { reason: `status ${answer.status}` })
        }
        return answer
      })
      .catch((thrown: unknown) => {
        // The breaker has counted it; what the status means is for the engine to say.
        if (unwell.answer) return unwell.answer
        throw thrown
      })
  }
  return {
    http: Object.assign(http, { [Symbol.asyncDispose]: () => fetch[Symbol.asyncDispose]() }),
    connect: (to) => {
      const host = to.host.toLowerCase()
      return pace.attempt(to.port === (to.tls ? 443 : 80) ? host : `${host}:${to.port}`, () => counted.connect(to))
    },
    [Symbol.asyncDispose]: () => fetch[Symbol.asyncDispose](),
  }
}

/** Retry-After in seconds or as a date (RFC 9110 section 10.2.3); at most a day, because sites write nonsense. */
export function retryAfterMs(value: string | null, now = Date.now()): number | undefined {
  if (value === null) return undefined
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), 86_400_000)
}

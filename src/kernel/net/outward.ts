import { Fault } from '@jackdaw/contract/faults.ts'
import { guardedFetch, type FetchOptions, type GuardedFetch } from './fetch.ts'
import { retryAfterSeconds } from '../http/answers.ts'
import type { Guard } from './guard.ts'
import { siteOf, type Pace } from './pace.ts'

/** The way out for engines: the guard with the pace of each site. One for the whole process. */
export interface Outward extends AsyncDisposable {
  readonly http: GuardedFetch
  readonly connect: Guard['connect']
}

/**
 * A request by `http` (each hop of it, until its body is read) and a socket by `connect` (until it is closed) take one
 * of the site's places, and tell the site's breaker how it went: `connect` whether it came about, `http` also by what
 * was answered (500 and above). An answer 429 or 503 with Retry-After holds the site for all.
 */
export function createOutward(guard: Guard, pace: Pace, options: FetchOptions = {}): Outward {
  // Requests are counted and not undici's sockets: idle ones would keep places that others wait for.
  const fetch = guardedFetch(guard, {
    ...options,
    async admit(url, signal) {
      await pace.turn(siteOf(url), signal)
      return await pace.connection(siteOf(url), signal)
    },
  })

  const http: typeof globalThis.fetch = async (input, init) => {
    const site = siteOf(typeof input === 'object' && 'headers' in input ? input.url : input)
    const unwell = { answer: undefined as Response | undefined }
    return await pace
      .attempt(site, async () => {
        const answer = await fetch(input, init)
        const seconds = [429, 503].includes(answer.status)
          ? retryAfterSeconds(answer.headers.get('retry-after'), Date.now())
          : undefined
        if (seconds !== undefined) pace.hold(siteOf(answer.url), seconds * 1000)
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

  const connect: Guard['connect'] = async (to) => {
    const host = to.host.toLowerCase()
    const site = to.port === (to.tls ? 443 : 80) ? host : `${host}:${to.port}`
    const release = await pace.connection(site, to.signal)
    try {
      const socket = await pace.attempt(site, () => guard.connect(to))
      socket.once('close', release)
      if (socket.closed) release()
      return socket
    } catch (thrown) {
      release()
      throw thrown
    }
  }

  const close = () => fetch[Symbol.asyncDispose]()
  return { http: Object.assign(http, { [Symbol.asyncDispose]: close }), connect, [Symbol.asyncDispose]: close }
}

import { callbackify } from 'node:util'
import { Agent, fetch as undiciFetch } from 'undici'
import { Fault } from '@jackdaw/contract/faults.ts'
import { createPresenter } from './answer.ts'
import { networkFault, redactUrl } from './failures.ts'
import type { Guard } from './guard.ts'
import { nextHop, parseTarget, type Hop } from './redirects.ts'

export interface FetchOptions {
  /** 10 s. */
  readonly connectTimeoutMs?: number
  /** Until the head of the answer is there. 60 s. */
  readonly headersTimeoutMs?: number
  /** Without a byte of the body. 60 s; a reader that is slow does not count. */
  readonly bodyTimeoutMs?: number
  /** Sent when the caller names no other. */
  readonly userAgent?: string
  /** Awaited before each hop; the result is called once when its answer has been read, was cancelled or failed. */
  readonly admit?: (url: URL, signal: AbortSignal | undefined) => Promise<() => void>
}

export type GuardedFetch = typeof fetch & AsyncDisposable

/**
 * `fetch` whose every connection goes through the guard. Redirects are followed hop by hop (at most 10), each with the
 * policy; credentials never leave their origin. A user and password in the URL become `Authorization`. `Response.url` is
 * the last hop's. Ask for `accept-encoding: identity` to get bytes as they are stored. HTTP/1.1 only.
 *
 * Faults, also while the body is read: those of `Guard.connect`, `link.invalid` (scheme, too many redirects),
 * `source.stalled`, `source.broken`. URLs in them are redacted. An abort throws the signal's reason.
 */
export function guardedFetch(guard: Guard, options: FetchOptions = {}): GuardedFetch {
  const timeouts = { headersTimeout: options.headersTimeoutMs ?? 60_000, bodyTimeout: options.bodyTimeoutMs ?? 60_000 }
  const agent = new Agent({
    ...timeouts,
    allowH2: false,
    connect: connector(guard, options.connectTimeoutMs ?? 10_000),
  })

  const present = createPresenter()

  const follow = async (first: Hop, signal: AbortSignal | undefined): Promise<Response> => {
    for (let hop = first, redirects = 0; ; redirects++) {
      const facts = { url: redactUrl(hop.url) }
      let release: (() => void) | undefined
      try {
        release = await options.admit?.(hop.url, signal)
        const answer = await undiciFetch(hop.url, {
          ...hop.init,
          dispatcher: agent,
          redirect: 'manual',
          ...(signal && { signal }),
        })
        const next = first.redirect === 'manual' ? undefined : nextHop(hop, answer)
        const failed = (error: unknown) => (signal?.aborted ? signal.reason : translate(error, facts, timeouts))
        if (!next) return present(answer, { isRedirected: redirects > 0, failed, ended: () => release?.() })
        await answer.body?.cancel()
        release?.()
        if (first.redirect === 'error') throw new Fault('source.broken', { ...facts, reason: 'it redirects' })
        // Ten: what curl users set; browsers stop at twenty.
        if (redirects >= 10)
          throw new Fault('source.broken', { ...facts, reason: 'it redirects in circles' }, { next: 'stop' })
        hop = next
      } catch (thrown) {
        release?.()
        signal?.throwIfAborted()
        throw translate(thrown, facts, timeouts)
      }
    }
  }

  const guarded: typeof fetch = async (input, init) => {
    const request = typeof input === 'object' && 'headers' in input ? input : undefined
    const signal = init?.signal ?? request?.signal
    signal?.throwIfAborted()
    const hop = parseTarget(request ? request.url : String(input), { ...(request && inherited(request)), ...init })
    if (!hop.init.headers.has('user-agent') && options.userAgent !== undefined)
      hop.init.headers.set('user-agent', options.userAgent)
    return await follow(hop, signal ?? undefined)
  }
  return Object.assign(guarded, { [Symbol.asyncDispose]: () => agent.destroy() })
}

function connector(guard: Guard, timeoutMs: number): Agent.Options['connect'] {
  return (target, callback) => {
    const isTls = target.protocol === 'https:'
    const port = target.port === '' ? (isTls ? 443 : 80) : Number(target.port)
    const place = { host: target.hostname, port, timeoutMs, ...(isTls && { tls: { ALPNProtocols: ['http/1.1'] } }) }
    callbackify(() => guard.connect(place))((error, socket) => {
      if (error) callback(error, null)
      else callback(null, socket)
    })
  }
}

const inherited = ({ method, headers, body, redirect }: Request): RequestInit => ({ method, headers, body, redirect })

function translate(
  thrown: unknown,
  facts: { url: string },
  timeouts: { headersTimeout: number; bodyTimeout: number },
): Fault {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'UND_ERR_BODY_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT') {
    const ms = code === 'UND_ERR_BODY_TIMEOUT' ? timeouts.bodyTimeout : timeouts.headersTimeout
    return new Fault('source.stalled', { ...facts, seconds: ms / 1000 }, { cause: thrown })
  }
  if (cause instanceof Error && cause.message === 'bad port')
    return new Fault('link.invalid', { ...facts, reason: 'the port belongs to another protocol' })
  return networkFault(thrown, facts)
}

import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RestContext } from './ports.ts'

/** The caller's own id when it is harmless in a log and a header, else a fresh one. */
export function requestIdOf(given: unknown): string {
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID()
}

export function contextOf(request: FastifyRequest, signal: AbortSignal): RestContext {
  const credential = credentialOf(request)
  const idempotencyKey = one(request.headers['idempotency-key'])
  return {
    requestId: request.id,
    address: request.ip,
    signal,
    ...(credential === undefined ? {} : { credential }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  }
}

/** The bearer token (RFC 6750) or the header X-API-Token. Never from the address, which ends in logs and histories. */
export function credentialOf(request: FastifyRequest): string | undefined {
  const bearer = /^Bearer +([\w.~+/-]+=*) *$/i.exec(request.headers.authorization ?? '')
  return bearer?.[1] ?? (request.headers.authorization === undefined ? one(request.headers['x-api-token']) : '')
}

/** The password of `Authorization: Basic` (RFC 7617); any name will do. */
export function passwordOf(request: FastifyRequest): string | undefined {
  const basic = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(request.headers.authorization ?? '')
  if (basic?.[1] === undefined) return undefined
  const pair = Buffer.from(basic[1], 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  return colon < 0 ? undefined : pair.slice(colon + 1)
}

/** Aborts when the client goes away before it has its answer. */
export function signalOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new DOMException('the client has gone', 'AbortError'))
  })
  return gone.signal
}

function one(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && header !== '' ? header : undefined
}

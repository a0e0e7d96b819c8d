import type { AddressInfo } from 'node:net'
import { fastify } from 'fastify'
import type { FastifyInstance } from 'fastify'
import { Fault } from '@jackdaw/contract/faults.ts'
import { mountDocs } from './docs.ts'
import { mountFiles } from './files.ts'
import { mountHealth } from './health.ts'
import { hostName, isKnownHost, knownHosts } from './hosts.ts'
import { mountOperations } from './operations.ts'
import type { RestOptions, RestPorts } from './ports.ts'
import { faultOf, refuseConnection, sendFault } from './problems.ts'
import { requestIdOf } from './requests.ts'

/** A listening REST face. Disposing it is a graceful close. */
export interface Rest extends AsyncDisposable {
  /** Where this process answers on this machine. */
  readonly url: string
  readonly port: number
  /** The public address if there is one, else `url`. */
  readonly publicUrl: string
}

const bodyLimit = 1024 * 1024
/** Why listening fails, for people. */
const refusals: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has it; stop that one or give --port (JACKDAW_PORT)',
  EACCES: 'this user may not use it; ports below 1024 are for root',
  EADDRNOTAVAIL: 'this machine has no such address',
}
/** A request's headers and body must be here by then (ms): slow senders hold connections. */
const requestTimeout = 30_000

/**
 * Starts the REST face: operations under /api/v1, its documentation, files, health and metrics. Listens on 127.0.0.1:8787
 * unless told otherwise. Throws `input.config` when the port is taken or may not be used.
 */
export async function serveRest(ports: RestPorts, options: RestOptions = {}): Promise<Rest> {
  const closing = new AbortController()
  const app = fastify({
    bodyLimit,
    requestTimeout,
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    logger: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => void sendFault(request, reply, faultOf(error, request)),
    clientErrorHandler: refuseConnection,
  })
  guard(app, ports, options, closing.signal)
  readJson(app)
  mountOperations(app, ports, {
    keepAliveMs: options.keepAliveMs ?? 15_000,
    stalledMs: options.stalledMs ?? 60_000,
    closing: closing.signal,
    watching: ports.metrics.watching,
  })
  mountDocs(app, ports, options)
  mountFiles(app, ports)
  mountHealth(app, ports)
  const host = options.host ?? '127.0.0.1'
  const port = options.port ?? 8787
  try {
    await app.listen({ host, port })
  } catch (cause) {
    await app.close()
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    const why = refusals[code] ?? code
    throw new Fault('input.config', { reason: `cannot listen on ${host} port ${port}: ${why}`, code }, { cause })
  }
  // A TCP server has an address of this form.
  const { port: taken } = app.server.address() as AddressInfo
  const url = `http://${reachable(host)}:${taken}`
  return {
    url,
    port: taken,
    publicUrl: options.publicUrl?.replace(/\/$/, '') ?? url,
    async [Symbol.asyncDispose]() {
      if (closing.signal.aborted) return
      closing.abort()
      const cut = setTimeout(() => app.server.closeAllConnections(), options.drainMs ?? 10_000)
      try {
        await app.close()
      } finally {
        clearTimeout(cut)
      }
    },
  }
}

/** What every request passes: host check, security headers, CORS, errors as problems, access log and metrics. */
function guard(app: FastifyInstance, ports: RestPorts, options: RestOptions, closing: AbortSignal): void {
  const known = knownHosts(options)
  const origins = new Set(options.origins)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
    })
    if (closing.aborted) {
      reply.header('connection', 'close')
      throw new Fault('house.stopping', { retryAfterSeconds: 2 })
    }
    if (!isKnownHost(request.headers.host, known))
      throw new Fault('access.host', { host: hostName(request.headers.host) ?? 'that' })
    const { origin } = request.headers
    if (origin === undefined || !origins.has(origin)) return undefined
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'X-Request-Id, Retry-After, Content-Range, Content-Disposition, ETag',
      vary: 'Origin',
    })
    if (request.method !== 'OPTIONS') return undefined
    reply.headers({
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers':
        'Authorization, X-API-Token, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id, Range, If-Range',
      'access-control-max-age': '600',
    })
    return await reply.status(204).send()
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.route ?? request.routeOptions.url ?? 'unknown'
    const { method, id, ip: address } = request
    const { statusCode: status, elapsedTime: ms } = reply
    ports.metrics.request({ method, route, status, seconds: ms / 1000 })
    ports.log.info({ request: id, method, route, status, ms: Math.round(ms), address }, 'request answered')
    // Kept alive, it would hold up the close until it times out.
    if (closing.aborted) request.raw.socket.end()
  })
  app.setErrorHandler<Error>(async (error, request, reply) => {
    const fault = faultOf(error, request)
    if (fault.code === 'house.bug')
      ports.log.error({ request: request.id, incident: request.id, err: fault.cause ?? fault }, 'request failed')
    return await sendFault(request, reply, fault)
  })
  app.setNotFoundHandler(async (request, reply) => {
    const id = `${request.method} ${request.url.replace(/\?.*$/s, '')}`.slice(0, 200)
    return await sendFault(request, reply, new Fault('input.unknown', { noun: 'page', id }))
  })
}

/** JSON is the only body that there is. Many clients send the header with an empty body, which means none. */
function readJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.trim() === '') done(null, undefined)
    // Fastify's parser answers through the callback.
    else void parse(request, body, done)
  })
}

/** An address that this machine can be reached at when it listens on all of them. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

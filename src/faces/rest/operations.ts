import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { traverseContractProcedures } from '@orpc/server'
import type { ORPCError } from '@orpc/server'
import { StandardOpenAPIHandler } from '@orpc/openapi/standard'
import { contract } from '@jackdaw/contract/contract.ts'
import { Fault, FaultView, fromView } from '@jackdaw/contract/faults.ts'
import { sendEvents } from './events.ts'
import type { StreamHow } from './events.ts'
import type { RestContext, RestPorts } from './ports.ts'
import { sendFault } from './problems.ts'
import { contextOf, signalOf } from './requests.ts'

export const apiPrefix = '/api/v1'
/** 10,000 lines, the most that a batch may have, with links of 1.6 kB each. */
const batchLimit = 16 * 1024 * 1024
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** Mounts every operation of the router under /api/v1, as its contract's route says. */
export function mountOperations(app: FastifyInstance, ports: Pick<RestPorts, 'router'>, how: StreamHow): void {
  const calls = new WeakMap<object, { readonly path: string; template?: string }>()
  const handler = new StandardOpenAPIHandler<RestContext>(ports.router, {
    clientInterceptors: [
      async (options) => {
        const call = calls.get(options.context)
        const template = options.procedure['~orpc'].route.path ?? ''
        if (call === undefined) return await options.next()
        call.template = template
        return await options.next({ ...options, input: withPath(options.input, template, call.path) })
      },
    ],
    customErrorResponseBodyEncoder: (error) => ({ fault: viewOf(error) }),
  })
  const absent = absentRoutes(ports.router)
  const route = {
    // A HEAD of an operation would run it for nothing.
    exposeHeadRoute: false,
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      const context = contextOf(request, signalOf(reply))
      const call: { readonly path: string; template?: string } = { path: pathOf(request.url) }
      calls.set(context, call)
      const { matched, response } = await handler.handle(
        {
          method: request.method,
          url: new URL(request.url, 'http://jackdaw.invalid'),
          headers: request.headers,
          body: async () => request.body,
          signal: context.signal,
        },
        { context, prefix: apiPrefix },
      )
      if (call.template !== undefined) request.route = `${apiPrefix}${call.template}`
      if (!matched) return sendFault(request, reply, notMounted(request.method, call.path, absent))
      const { status, body } = response
      if (status >= 400) return sendFault(request, reply, faultIn(body, request.id))
      if (isWatch(body)) return await sendEvents(reply, body, how)
      return await sendJson(reply, status, body)
    },
  }
  app.route({ ...route, method: [...methods], url: `${apiPrefix}/*` })
  app.route({ ...route, method: 'POST', url: `${apiPrefix}/batches`, bodyLimit: batchLimit })
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Template of the route, for logs and metrics; addresses may hold signatures. */
    route?: string
  }
}

async function sendJson(reply: FastifyReply, status: number, body: unknown): Promise<FastifyReply> {
  reply.status(status).header('cache-control', 'no-store')
  return body === undefined
    ? await reply.send()
    : await reply.type('application/json; charset=utf-8').send(JSON.stringify(body))
}

/** The fault of an error body that `viewOf` made. */
function faultIn(body: unknown, requestId: string): Fault {
  const view = FaultView.safeParse((body as { fault?: unknown } | undefined)?.fault)
  return view.success ? fromView(view.data) : new Fault('house.bug', { incident: requestId })
}

/** Errors from behind the door carry a fault; oRPC itself makes one for a request that it cannot decode. */
function viewOf(error: ORPCError<string, unknown>): unknown {
  if (error.code === 'BAD_REQUEST')
    return new Fault('input.invalid', { reason: 'the request cannot be decoded' }).view()
  return error.data
}

function isWatch(body: unknown): body is AsyncIterator<unknown, unknown, void> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}

/** The path below the prefix, still encoded. */
function pathOf(url: string): string {
  return url.replace(/\?.*$/s, '').slice(apiPrefix.length)
}

/**
 * What the path names is what is meant. oRPC lets a field of the body win over the path's, so that a rule of a proxy, or
 * a log, about one job would be about another.
 */
function withPath(input: unknown, template: string, path: string): unknown {
  const given = path.split('/')
  const named = template.split('/').flatMap((part, at): [string, string][] => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1]
    return name === undefined ? [] : [[name, decodeURIComponent(given[at] ?? '')]]
  })
  return named.length === 0 ? input : { ...(input as object), ...Object.fromEntries(named) }
}

interface AbsentRoute {
  readonly method: string
  readonly path: RegExp
  readonly operation: string
}

function notMounted(method: string, path: string, absent: readonly AbsentRoute[]): Fault {
  const found = absent.find((route) => route.method === method && route.path.test(path))
  if (found !== undefined)
    return new Fault('house.absent', { reason: `${found.operation} is switched off in this installation` })
  return new Fault('input.unknown', { noun: 'operation', id: `${method} ${apiPrefix}${path}`.slice(0, 200) })
}

/** Routes of operations that the contract knows and the router leaves out. */
function absentRoutes(router: object): AbsentRoute[] {
  const absent: AbsentRoute[] = []
  traverseContractProcedures({ router: contract, path: [] }, ({ contract: operation, path }) => {
    const mounted = path.reduce<unknown>(
      (node, name) => (node === undefined ? node : Reflect.get(node as object, name)),
      router,
    )
    const { method = 'POST', path: template } = operation['~orpc'].route
    if (mounted !== undefined || template === undefined) return
    absent.push({
      method,
      path: new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}/?$`),
      operation: path.join('.'),
    })
  })
  return absent
}

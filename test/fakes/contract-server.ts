import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { ORPCError, onError } from '@orpc/server'
import { OpenAPIHandler } from '@orpc/openapi/node'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { FakeHouse } from './contract-house.ts'

/** The fake house behind REST, as a server would be: problem bodies, SSE, a token. */
export interface HouseServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Breaks every open connection, streams too. */
  drop(): void
}

export const fakeToken = 'a-token-for-tests'

export async function serveHouse(house: FakeHouse, port = 0): Promise<HouseServer> {
  const handler = new OpenAPIHandler(house.router(), {
    clientInterceptors: [
      onError((error) => {
        if (error instanceof Fault) {
          throw new ORPCError(error.code, {
            status: error.status,
            message: error.message,
            data: error.view(),
            cause: error,
          })
        }
      }),
    ],
    rootInterceptors: [
      async ({ next }) => {
        const result = await next()
        if (!result.matched || result.response.status < 400) return result
        // What the client of oRPC would decode by itself becomes what the REST face sends: RFC 9457.
        const wire = result.response.body as { code: string; message: string; data?: object }
        const { status } = result.response
        const body = {
          type: 'about:blank',
          title: wire.code,
          status,
          detail: wire.message,
          ...wire.data,
          code: wire.code,
        }
        const problem = new Blob([JSON.stringify(body)], { type: 'application/problem+json' })
        return { ...result, response: { ...result.response, body: problem } }
      },
    ],
  })
  const server = createServer(async (request, response) => {
    if (request.url === '/health/live') return response.end('ok')
    if (request.headers.authorization !== `Bearer ${fakeToken}`) {
      const { code, status } = new Fault('access.unauthenticated')
      response.writeHead(status, { 'content-type': 'application/problem+json' })
      return response.end(JSON.stringify({ code, status, next: 'stop', facts: {} }))
    }
    const { matched } = await handler.handle(request, response, { prefix: '/api/v1', context: {} })
    if (!matched) response.writeHead(404).end()
    return undefined
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    drop: () => server.closeAllConnections(),
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      if (server.listening) await once(server, 'close')
    },
  }
}

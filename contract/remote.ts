import { createORPCClient, mapEventIterator, ORPCError } from '@orpc/client'
import type { ContractRouterClient } from '@orpc/contract'
import { OpenAPILink } from '@orpc/openapi-client/fetch'
import { contract } from './contract.ts'
import type { Contract } from './contract.ts'
import { asFault, Fault, fromView, FaultView } from './faults.ts'
import { fromProblem, problemType } from './problem.ts'

export interface Remote {
  /** Where the server is, such as `http://127.0.0.1:8787`. */
  readonly url: string
  readonly token?: string
  readonly fetch?: typeof globalThis.fetch
  /** Makes mutations safe to repeat: asked once per call. */
  readonly idempotencyKey?: () => string | undefined
}

/** Every operation of a house elsewhere, over REST; what calls and watches throw are faults, and the network's own errors. */
export function remote(to: Remote): ContractRouterClient<Contract> {
  const send = to.fetch ?? globalThis.fetch
  const link = new OpenAPILink(contract, {
    url: `${to.url.replace(/\/$/, '')}/api/v1`,
    headers: () => {
      const key = to.idempotencyKey?.()
      return {
        ...(to.token === undefined ? {} : { authorization: `Bearer ${to.token}` }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      }
    },
    fetch: async (request, init) => {
      const response = await send(request, init)
      if (response.headers.get('content-type')?.startsWith(problemType) === true)
        throw fromProblem(await response.json(), response.status)
      return response
    },
    interceptors: [
      async (options) => {
        try {
          const output = await options.next()
          return isWatch(output)
            ? mapEventIterator(output, { value: async (value) => value, error: async (e) => rebuilt(e) })
            : output
        } catch (thrown) {
          throw rebuilt(thrown)
        }
      },
    ],
  })
  return createORPCClient(link) as ContractRouterClient<Contract>
}

/** Errors inside a watch arrive as oRPC's own. */
function rebuilt(thrown: unknown): unknown {
  if (thrown instanceof Fault || !(thrown instanceof ORPCError)) return thrown
  const view = FaultView.safeParse(thrown.data)
  return view.success ? fromView(view.data) : asFault(thrown)
}

function isWatch(output: unknown): output is AsyncIteratorObject<unknown, unknown, void> {
  return typeof output === 'object' && output !== null && Symbol.asyncIterator in output
}

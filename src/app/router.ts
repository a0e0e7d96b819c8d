import { createRouterClient, implement, isProcedure, traverseContractProcedures } from '@orpc/server'
import type { Lazy, Router } from '@orpc/server'
import { mapEventIterator } from '@orpc/client'
import type { ContractRouterClient } from '@orpc/contract'
import { contract } from '@jackdaw/contract/contract.ts'
import type { Contract } from '@jackdaw/contract/contract.ts'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Meta } from '@jackdaw/contract/operations/base.ts'
import type { door, Inside, Outside } from './door.ts'
import { isWatch, toFault } from './errors.ts'

type Eager<T> = T extends Lazy<unknown> ? never : T
type EagerRouter<R> = { readonly [G in keyof R]: { readonly [N in keyof Eager<R[G]>]: Eager<Eager<R[G]>[N]> } }

/** The handlers of every operation, made with `os` of door.ts. */
export type Parts = EagerRouter<Router<Contract, Inside>>
/** Every mounted operation, behind the door. */
export type AppRouter = EagerRouter<Router<Contract, Outside>>

/**
 * Puts all handlers behind the door. Throws `house.bug` when an operation has no handler, or a handler no operation or
 * the wrong one: oRPC does not notice. Operations whose capability is not in `capabilities` are left out.
 */
export function assemble(
  parts: Parts,
  how: { readonly door: ReturnType<typeof door>; readonly capabilities: ReadonlySet<string> },
): AppRouter {
  const faults = compare(parts)
  if (faults.length > 0) throw new Fault('house.bug', { incident: 'assemble' }, { cause: new Error(faults.join('; ')) })
  const router = implement(contract).$context<Outside>().use(how.door).router(parts)
  return prune(router, contract, how.capabilities) as AppRouter
}

/** A client in this process, calling on behalf of one request; what it throws are faults. */
export function admit(router: AppRouter, outside: Outside): ContractRouterClient<Contract> {
  const client = createRouterClient(router, {
    context: outside,
    interceptors: [
      async (options) => {
        const signals = [options.signal, outside.signal].filter((signal) => signal !== undefined)
        const signal = signals.length > 0 ? AbortSignal.any(signals) : undefined
        try {
          const output: unknown = await options.next({ ...options, signal })
          if (!isWatch(output)) return output
          return mapEventIterator(output, {
            value: async (value) => value,
            error: async (thrown) => rebuilt(thrown, outside, signal),
          })
        } catch (thrown) {
          throw rebuilt(thrown, outside, signal)
        }
      },
    ],
  })
  return withAbsent(client, contract, []) as ContractRouterClient<Contract>
}

function rebuilt(thrown: unknown, outside: Outside, signal: AbortSignal | undefined): unknown {
  return signal?.aborted === true && thrown === signal.reason ? thrown : toFault(thrown, outside.requestId)
}

function compare(parts: object): string[] {
  const wanted = operations()
  const given = handlers(parts)
  const faults: string[] = []
  for (const [path, route] of wanted) {
    const handler = given.get(path)
    if (handler === undefined) faults.push(`no handler for ${path}`)
    // Builders keep the contract's own route object, so a swapped pair of handlers shows.
    else if (handler !== route) faults.push(`the handler of ${path} belongs to another operation`)
  }
  for (const path of given.keys()) if (!wanted.has(path)) faults.push(`no operation for the handler ${path}`)
  return faults
}

function operations(): Map<string, unknown> {
  const found = new Map<string, unknown>()
  traverseContractProcedures({ router: contract, path: [] }, ({ contract: operation, path }) => {
    found.set(path.join('.'), operation['~orpc'].route)
  })
  return found
}

function handlers(node: object, path: readonly string[] = []): Map<string, unknown> {
  if (isProcedure(node)) return new Map([[path.join('.'), node['~orpc'].route]])
  const found = new Map<string, unknown>()
  for (const [name, child] of Object.entries(node)) {
    // A missing handler may well be a key that holds undefined.
    if (typeof child !== 'object' || child === null) continue
    for (const [at, route] of handlers(child, [...path, name])) found.set(at, route)
  }
  return found
}

/** The same tree without the operations whose capability is absent. */
function prune(node: object, like: object, capabilities: ReadonlySet<string>): object {
  const kept: Record<string, unknown> = {}
  for (const [name, wanted] of Object.entries(like)) {
    const child: unknown = Reflect.get(node, name)
    if (typeof child !== 'object' || child === null) continue
    if (isProcedure(child)) {
      const { capability } = child['~orpc'].meta as Meta
      if (capability === undefined || capabilities.has(capability)) kept[name] = child
    } else kept[name] = prune(child, wanted as object, capabilities)
  }
  return kept
}

/** Calls of unmounted operations end with `house.absent` instead of a TypeError. */
function withAbsent(client: object, like: object, path: readonly string[]): object {
  return new Proxy(client, {
    get(target, name) {
      const child: unknown = Reflect.get(target, name)
      const wanted: unknown = typeof name === 'string' ? Reflect.get(like, name) : undefined
      if (typeof name !== 'string' || typeof wanted !== 'object' || wanted === null) return child
      const at = [...path, name]
      if (!('~orpc' in wanted)) return withAbsent((child as object | undefined) ?? {}, wanted, at)
      if (child !== undefined) return child
      return async () => {
        throw new Fault('house.absent', { reason: `${at.join('.')} is switched off in this installation` })
      }
    },
  })
}

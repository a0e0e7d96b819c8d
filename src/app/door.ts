import { implement } from '@orpc/server'
import { mapEventIterator, ORPCError } from '@orpc/client'
import type { Logger } from 'pino'
import { contract } from '@jackdaw/contract/contract.ts'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { allows } from './access.ts'
import type { Caller } from './access.ts'
import { isWatch, toFault, toWire } from './errors.ts'
import type { Memory } from './idempotency.ts'
import type { AuditEntry } from './audit.ts'

/** What a face knows of a request before anybody looked at it: the context with which it calls the router. */
export interface Outside {
  readonly credential?: string
  readonly address?: string
  readonly requestId: string
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
}

/** What a handler knows: the request, and who asks. */
export interface Inside extends Outside {
  readonly caller: Caller
}

/** One call as the trace saw it, for metrics. `outcome` is `done`, `aborted` or the code of a fault. */
export interface Call {
  readonly operation: string
  readonly outcome: string
  readonly ms: number
}

export interface DoorPorts {
  /** Who holds this credential; undefined when nobody does. */
  readonly authenticate: (credential: string) => Promise<Caller | undefined>
  readonly memory: Memory
  readonly audit: (entry: AuditEntry) => Promise<void>
  readonly observe: (call: Call) => void
  readonly log: Pick<Logger, 'info' | 'error'>
  /** Monotonic milliseconds. */
  readonly now: () => number
}

/** The builders of all operations: `os.jobs.start.handler(async ({ input, context, signal }) => …)`. */
export const os = implement(contract).$context<Inside>()

/**
 * The one middleware in front of every operation: trace → access → idempotency → validate → handler → audit. It throws
 * only ORPCErrors that carry a fault's view, so that every face and client can rebuild the fault.
 */
export function door(ports: DoorPorts) {
  return implement(contract)
    .$context<Outside>()
    .middleware(async ({ context, next, path, procedure, signal }, input: unknown) => {
      const operation = path.join('.')
      const meta = procedure['~orpc'].meta
      const trace = tracer(ports, operation, context, signal)
      let caller = nobody
      const audited = async () => {
        const { output }: { output: unknown } = await next({ context: { caller } })
        if (meta.mutates === true)
          await audit(ports, context, { operation, account: caller.account, target: targetOf(input, output) })
        return output
      }
      try {
        caller = await identify(ports, context.credential)
        if (!allows(meta.access, caller))
          throw new Fault(caller.via === 'none' ? 'access.unauthenticated' : 'access.denied')
        const { idempotencyKey: key } = context
        const answer =
          meta.mutates === true && key !== undefined
            ? await ports.memory.once({ account: caller.account, key, operation, input }, audited)
            : await audited()
        trace.ended('done')
        return { output: isWatch(answer) ? withFaults(answer, trace) : answer, context: { caller } }
      } catch (thrown) {
        if (meta.mutates === true) {
          const outcome = toFault(thrown, context.requestId).code
          const account = caller.via === 'none' ? undefined : caller.account
          await audit(ports, context, { operation, account, target: targetOf(input, undefined), outcome })
        }
        throw trace.failed(thrown)
      }
    })
}

const nobody: Caller = { account: 'nobody', role: 'guest', via: 'none' }

async function identify(ports: DoorPorts, credential: string | undefined): Promise<Caller> {
  if (credential === undefined) return nobody
  const caller = await ports.authenticate(credential)
  // A wrong credential is refused even where none is needed: its holder believes to be somebody.
  if (caller === undefined) throw new Fault('access.unauthenticated')
  return caller
}

interface Trace {
  ended(outcome: string): void
  /** What its consumers get of something thrown; notes the end of the call. */
  failed(thrown: unknown): unknown
  /** The same for a watch, whose call ended well when it began. */
  broke(thrown: unknown): unknown
}

function tracer(ports: DoorPorts, operation: string, context: Outside, signal: AbortSignal | undefined): Trace {
  const started = ports.now()
  const { requestId: request } = context
  const ended = (outcome: string) => {
    const ms = ports.now() - started
    ports.observe({ operation, outcome, ms })
    ports.log.info({ request, operation, outcome, ms: Math.round(ms) }, 'operation ended')
  }
  const translate = (thrown: unknown): { readonly outcome: string; readonly wire: unknown } => {
    // Whoever asked has gone; there is nobody to tell and nothing is broken.
    if (signal?.aborted === true && !isFault(thrown) && !(thrown instanceof ORPCError))
      return { outcome: 'aborted', wire: thrown }
    const fault = toFault(thrown, request)
    if (fault.code === 'house.bug')
      ports.log.error({ request, operation, incident: request, err: fault.cause ?? fault }, 'operation failed')
    return { outcome: fault.code, wire: toWire(fault) }
  }
  return {
    ended,
    failed(thrown) {
      const { outcome, wire } = translate(thrown)
      ended(outcome)
      return wire
    },
    broke: (thrown) => translate(thrown).wire,
  }
}

/** A watch may fail long after it began; its consumers get a fault too. */
function withFaults<T>(iterator: AsyncIteratorObject<T, unknown, void>, trace: Trace) {
  return mapEventIterator(iterator, {
    value: async (value) => value,
    error: async (thrown) => trace.broke(thrown),
  })
}

async function audit(
  ports: DoorPorts,
  context: Outside,
  what: { operation: string; account?: string; target?: string; outcome?: string },
): Promise<void> {
  try {
    await ports.audit({ outcome: 'done', ...what, address: context.address, request: context.requestId })
  } catch (cause) {
    // The change has happened (or was refused) already; failing the answer would invite a repetition.
    ports.log.error({ request: context.requestId, operation: what.operation, err: cause }, 'audit entry lost')
  }
}

/** The id that a call was about: of what it made, or of what it was asked to change. */
function targetOf(input: unknown, output: unknown): string | undefined {
  for (const side of [output, input]) {
    if (typeof side !== 'object' || side === null) continue
    for (const name of ['id', 'batch', 'link'] as const) {
      const value: unknown = Reflect.get(side, name)
      // Only what looks like one of our ids: a link to fetch may hold a password.
      if (typeof value === 'string' && /^[\w-]{1,64}$/.test(value)) return value
    }
  }
  return undefined
}

import { ORPCError } from '@orpc/client'
import { ValidationError } from '@orpc/contract'
import { databaseFault, errorCode } from '#db/fault.ts'
import { asFault, catalogue, Fault, FaultView, fromView } from '@jackdaw/contract/faults.ts'

/** The fault in what a handler, the validation or a client threw; `house.bug` with the request's id for the rest. */
export function toFault(thrown: unknown, requestId: string): Fault {
  if (thrown instanceof ORPCError) {
    if (thrown.cause instanceof Fault) return thrown.cause
    if (thrown.code === 'BAD_REQUEST' && thrown.cause instanceof ValidationError) return invalid(thrown.cause)
    const view = FaultView.safeParse(thrown.data)
    if (view.success && thrown.code in catalogue) return fromView(view.data)
    return fromBelow(thrown.cause ?? thrown, requestId)
  }
  return fromBelow(thrown, requestId)
}

function fromBelow(thrown: unknown, requestId: string): Fault {
  if (unstorable.has(errorCode(thrown) ?? ''))
    return new Fault('input.invalid', { reason: 'it contains characters that cannot be stored' }, { cause: thrown })
  return asFault(databaseFault(thrown), { incident: requestId })
}

// SQLSTATE character_not_in_repertoire (a NUL in a text) and untranslatable_character (one in JSON).
const unstorable: ReadonlySet<string> = new Set(['22021', '22P05'])

/** The form in which a fault passes through oRPC: its code, status and view; the cause stays on this side. */
export function toWire(fault: Fault): ORPCError<string, FaultView> {
  return new ORPCError(fault.code, { status: fault.status, message: fault.message, data: fault.view(), cause: fault })
}

function invalid(error: ValidationError): Fault {
  const sentences = error.issues.slice(0, 5).map((issue) => {
    const path = pathOf(issue.path)
    return path === '' ? issue.message : `${path}: ${issue.message}`
  })
  const more = error.issues.length - sentences.length
  const reason = sentences.join('; ') + (more > 0 ? `; and ${more} more` : '')
  return new Fault('input.invalid', { reason, path: pathOf(error.issues[0]?.path) }, { cause: error })
}

function pathOf(path: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined): string {
  return (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
}

/** Whether an operation's output is a watch: events that keep coming. */
export function isWatch(output: unknown): output is AsyncIteratorObject<unknown, unknown, void> {
  return typeof output === 'object' && output !== null && Symbol.asyncIterator in output && 'next' in output
}

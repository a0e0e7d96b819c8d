import { type FaultCode, Fault, catalogue } from '@jackdaw/contract/faults.ts'
import { ORPCError } from '@orpc/client'
import { plain } from './format.ts'
import type { Host } from './host.ts'

/** What a client threw, as a fault: the house's own, a refused input, or a bug. */
export function toFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown
  if (thrown instanceof ORPCError) {
    if (isCode(thrown.code)) return new Fault(thrown.code, factsOf(thrown.data), { cause: thrown })
    if (thrown.code === 'BAD_REQUEST') {
      return new Fault('input.invalid', { reason: issuesOf(thrown.data) ?? thrown.message }, { cause: thrown })
    }
  }
  return new Fault('house.bug', {}, { cause: thrown })
}

/** Whether the thing may go well when it is asked again: the connection broke, the house restarts. */
export function isPassing(thrown: unknown): boolean {
  if (thrown instanceof Fault)
    return thrown.code === 'house.stopping' || thrown.code === 'house.unreachable' || thrown.next === 'retry'
  // A stream that breaks in the middle throws whatever its transport throws (undici: TypeError "terminated").
  return !(thrown instanceof ORPCError) || thrown.status >= 500
}

/** Says on stderr what went wrong and what to do, and returns the exit code. A stack is for `--log-level debug` only. */
export async function sayFault(
  thrown: unknown,
  host: Host,
  options: { debug: boolean; json?: boolean },
): Promise<number> {
  const fault = toFault(thrown)
  const { stderr, stdout } = host.terminal
  if (options.json) stdout.write(`${JSON.stringify({ fault: fault.view() })}\n`)
  if (fault.code === 'house.bug') {
    const theirs = fault.facts['incident']
    // A server has kept its own bug in its own log.
    const kept =
      typeof theirs === 'string' ? { incident: theirs, place: 'The log' } : await host.report(fault.cause ?? fault)
    const { incident, place } = kept
    stderr.write(
      `jackdaw: Something went wrong inside Jackdaw. ${place} has the details under ${incident}. (house.bug)\n`,
    )
    if (options.debug) stderr.write(`${stackOf(fault.cause ?? fault)}\n`)
    return fault.exit
  }
  // The list of faults in a configuration has lines of its own.
  const says = fault.message.split('\n').map(plain).join('\n  ')
  stderr.write(`jackdaw: ${says} (${fault.code})\n`)
  const next = hint(fault)
  if (next !== undefined) stderr.write(`  ${next}\n`)
  if (options.debug) stderr.write(`${stackOf(fault)}\n`)
  return fault.exit
}

function hint(fault: Fault): string | undefined {
  switch (fault.code) {
    case 'input.unknown':
      return fault.facts['noun'] === 'recipe' || fault.facts['noun'] === 'engine'
        ? `See "jackdaw ${fault.facts['noun']}s".`
        : 'See "jackdaw jobs", "jackdaw library ls".'
    case 'input.config':
      return 'See "jackdaw config" for every key, and .env.example.'
    case 'house.database':
    case 'house.missing-tool':
      return 'See "jackdaw doctor".'
    case 'access.unauthenticated':
      return 'A running server takes the token in its data folder: is --data (JACKDAW_DATA) the same as its?'
    default:
      return undefined
  }
}

const isCode = (code: string): code is FaultCode => Object.hasOwn(catalogue, code)

function factsOf(data: unknown): Record<string, string | number | boolean> {
  const facts = typeof data === 'object' && data !== null && 'facts' in data ? data.facts : data
  if (typeof facts !== 'object' || facts === null) return {}
  const simple = Object.entries(facts).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
  return Object.fromEntries(simple) as Record<string, string | number | boolean>
}

function issuesOf(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null || !('issues' in data) || !Array.isArray(data.issues)) return undefined
  return data.issues
    .map((issue: { path?: readonly unknown[]; message?: string }) => {
      const where = (issue.path ?? []).map(String).join('.')
      return where === '' ? issue.message : `${where}: ${issue.message}`
    })
    .join('; ')
}

function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  return thrown.cause === undefined ? String(thrown.stack) : `${thrown.stack}\ncaused by ${stackOf(thrown.cause)}`
}

import type { AuditEntry } from '#app/audit.ts'
import { ownerOnly } from '#app/access.ts'
import type { Call, DoorPorts } from '#app/door.ts'

/** A door without a database: remembers nothing, notes what was audited, measured and logged as an error. */
export interface FakeDoor extends DoorPorts {
  readonly audited: AuditEntry[]
  readonly calls: Call[]
  readonly errors: Record<string, unknown>[]
}

export const token = 'a-token-for-tests'
export const local = 'a-credential-of-this-process'

export function fakeDoor(): FakeDoor {
  const audited: AuditEntry[] = []
  const calls: Call[] = []
  const errors: Record<string, unknown>[] = []
  return {
    audited,
    calls,
    errors,
    authenticate: ownerOnly({ token, local }),
    memory: { once: async (_, work) => await work() },
    audit: async (entry) => void audited.push(entry),
    observe: (call) => void calls.push(call),
    log: { info: () => undefined, error: (fields: object) => void errors.push({ ...fields }) },
    now: () => performance.now(),
  }
}

import type { Kysely } from 'kysely'
import type { Tables } from '#db/tables.ts'

/** Who did what to which, from where, and how it ended; never the input. */
export interface AuditEntry {
  readonly operation: string
  readonly outcome: string
  readonly account?: string
  readonly address?: string
  readonly request?: string
  readonly target?: string
}

/** Writes entries to the table `audit`. */
export function auditor(db: Kysely<Tables>): (entry: AuditEntry) => Promise<void> {
  return async (entry) => {
    await db
      .insertInto('audit')
      .values({
        account_id: entry.account ?? null,
        address: entry.address ?? null,
        request_id: entry.request ?? null,
        operation: entry.operation,
        target: entry.target ?? null,
        outcome: entry.outcome,
      })
      .execute()
  }
}

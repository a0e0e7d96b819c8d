import { createHmac, hkdfSync } from 'node:crypto'
import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Tables } from '#db/tables.ts'
import { sealWith } from '#kernel/seal.ts'

/** One request that may be repeated: the caller's key, and what it stands for. */
export interface Request {
  readonly account: string
  readonly key: string
  readonly operation: string
  readonly input: unknown
}

/** Remembers the answers to requests with an idempotency key. */
export interface Memory {
  /**
   * Runs `work` once per account and key; a repetition gets the first answer. Throws `input.conflict` when the key was
   * used for something else, or when its first use has not ended. A failed request is forgotten and may be repeated.
   */
  once<T>(request: Request, work: () => Promise<T>): Promise<T>
}

/** How long an unanswered key stands for a running request; afterwards its process is taken for dead. */
const unansweredFor = '2 minutes'
/** How long answers are kept. */
const keptFor = '24 hours'

/**
 * Memory in the table `idempotency`. Inputs are kept as a keyed digest and answers encrypted, because both may hold
 * secrets (a password, a signed address) that nobody should read in a backup.
 */
export function memory(db: Kysely<Tables>, houseKey: Uint8Array): Memory {
  const digestKey = derive(houseKey, 'idempotency digest')
  const sealed = sealWith([derive(houseKey, 'idempotency answer')])
  return {
    async once(request, work) {
      if (!/^[\x21-\x7e]{1,255}$/.test(request.key))
        throw new Fault('input.invalid', { reason: 'the idempotency key must have 1 to 255 visible ASCII characters' })
      const digest = createHmac('sha256', digestKey).update(canonical(request.input)).digest('hex')
      const mine = { account_id: request.account, key: request.key }
      if (!(await claim(db, { ...mine, operation: request.operation, input_sha256: digest }))) {
        const row = await db
          .selectFrom('idempotency')
          .select(['operation', 'input_sha256', 'output'])
          .where('account_id', '=', request.account)
          .where('key', '=', request.key)
          .executeTakeFirst()
        if (row !== undefined && (row.operation !== request.operation || row.input_sha256 !== digest))
          throw new Fault('input.conflict', { reason: 'the idempotency key was used for another request' })
        if (row === undefined || row.output === null)
          throw new Fault('input.conflict', {
            reason: 'the same request is still being answered',
            retryAfterSeconds: 1,
          })
        // The answer of the same operation, sealed below.
        return sealed.open((row.output as { sealed: string }).sealed, request.key) as Awaited<ReturnType<typeof work>>
      }
      try {
        const answer = await work()
        await update(db, mine)
          .set({ output: JSON.stringify({ sealed: sealed.seal(answer ?? null, request.key) }) })
          .execute()
        return answer
      } catch (thrown) {
        await db
          .deleteFrom('idempotency')
          .where('account_id', '=', mine.account_id)
          .where('key', '=', mine.key)
          .execute()
        throw thrown
      }
    },
  }
}

/** Forgets what nobody will ask for any more; returns how many answers. */
export async function forget(db: Kysely<Tables>): Promise<number> {
  const result = await db
    .deleteFrom('idempotency')
    .where('created_at', '<', sql<Date>`now() - ${keptFor}::interval`)
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}

function update(db: Kysely<Tables>, mine: { account_id: string; key: string }) {
  return db.updateTable('idempotency').where('account_id', '=', mine.account_id).where('key', '=', mine.key)
}

/** Takes the key when it is free, when its answer is too old to matter, or when its process died before answering. */
async function claim(
  db: Kysely<Tables>,
  row: { account_id: string; key: string; operation: string; input_sha256: string },
): Promise<boolean> {
  const claimed = await db
    .insertInto('idempotency')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(['account_id', 'key'])
        .doUpdateSet({ ...row, output: null, created_at: sql<Date>`now()` })
        .where(
          sql<boolean>`idempotency.created_at < now() - case when idempotency.output is null
            then ${unansweredFor}::interval else ${keptFor}::interval end`,
        ),
    )
    .returning('key')
    .executeTakeFirst()
  return claimed !== undefined
}

/** JSON with sorted keys: the same input has the same text whatever order its fields came in. */
function canonical(input: unknown): string {
  const text = JSON.stringify(input, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
  return text ?? ''
}

function derive(houseKey: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', houseKey, '', `jackdaw ${purpose}`, 32))
}

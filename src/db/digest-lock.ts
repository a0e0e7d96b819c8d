import { sql } from 'kysely'
import type { Transaction } from 'kysely'
import type { Tables } from './tables.ts'

/**
 * Until the transaction ends, nobody else keeps or frees bytes with this digest. Whoever keeps takes it around putting
 * the bytes and writing the row; whoever frees, around asking whether a row is left and removing the bytes.
 */
export async function lockDigest(tx: Transaction<Tables>, sha256: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`digest ${sha256}`}, 0))`.execute(tx)
}

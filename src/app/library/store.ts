import { sql } from 'kysely'
import type { Kysely, Selectable, Transaction } from 'kysely'
import type { LibraryItem } from '@jackdaw/contract/operations/library.ts'
import type { Tables } from '#db/tables.ts'
import { lockDigest } from '#db/digest-lock.ts'
import { searchQuery } from './rules.ts'

export type AssetRow = Pick<
  Selectable<Tables['assets']>,
  | 'id'
  | 'name'
  | 'title'
  | 'type'
  | 'bytes'
  | 'sha256'
  | 'state'
  | 'facts'
  | 'thumbnail'
  | 'link'
  | 'job_id'
  | 'created_at'
>

const columns = [
  'id',
  'name',
  'title',
  'type',
  'bytes',
  'sha256',
  'state',
  'facts',
  'thumbnail',
  'link',
  'job_id',
  'created_at',
] as const

export interface Page {
  readonly account: string
  readonly search?: string
  readonly type?: string
  readonly limit: number
  readonly before?: string
}

/** A page of what an account keeps, newest first, and whether there is more. */
export async function listKept(db: Kysely<Tables>, page: Page): Promise<{ rows: AssetRow[]; more: boolean }> {
  const words = page.search === undefined ? undefined : searchQuery(page.search)
  let query = kept(db, page.account)
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
  if (page.before !== undefined) query = query.where('id', '<', page.before)
  if (words !== undefined) query = query.where(sql<boolean>`words @@ to_tsquery('simple', ${words})`)
  if (page.type?.includes('/') === true) query = query.where('type', '=', page.type.toLowerCase())
  else if (page.type !== undefined)
    query = query.where(sql<boolean>`starts_with(type, ${`${page.type.toLowerCase()}/`})`)
  const rows = await query.execute()
  return { rows: rows.slice(0, page.limit), more: rows.length > page.limit }
}

export async function findKept(db: Kysely<Tables>, account: string, id: string): Promise<AssetRow | undefined> {
  return await kept(db, account).where('id', '=', id).executeTakeFirst()
}

/** Marks an asset as removed and ends its signed links; undefined when the account keeps no such asset. */
export async function markRemoved(tx: Transaction<Tables>, account: string, id: string): Promise<AssetRow | undefined> {
  const row = await tx
    .updateTable('assets')
    .set({ state: 'removed' })
    .where('account_id', '=', account)
    .where('id', '=', id)
    .where('state', '=', 'kept')
    .returning(columns)
    .executeTakeFirst()
  if (row !== undefined)
    await tx
      .updateTable('links')
      .set({ revoked_at: sql<Date>`now()` })
      .where('asset_id', '=', id)
      .where('revoked_at', 'is', null)
      .execute()
  return row
}

/**
 * Frees the bytes of a digest unless something kept needs them, as its content or its thumbnail. Holds the digest's lock
 * while asking and freeing, so that a keep of equal content either comes first and is seen, or comes after and puts the
 * bytes again. Returns whether they were freed.
 */
export async function freeUnneeded(
  db: Kysely<Tables>,
  sha256: string,
  free: (sha256: string) => Promise<void>,
): Promise<boolean> {
  return await db.transaction().execute(async (tx) => {
    await lockDigest(tx, sha256)
    if (await isNeeded(tx, sha256)) return false
    await free(sha256)
    return true
  })
}

/**
 * Whether anything kept, by any account, has these bytes as content or thumbnail, or a job under way may be about to keep
 * them: it puts the bytes first and writes the row after.
 */
export async function isNeeded(db: Kysely<Tables>, sha256: string): Promise<boolean> {
  const { rows } = await sql<{ needed: boolean }>`select
    exists (select from assets where sha256 = ${sha256} and state in ('kept', 'scratch'))
    or exists (select from assets where thumbnail = ${sha256} and state = 'kept') as needed`.execute(db)
  return rows[0]?.needed === true
}

/** Kept digests in order, for going through all of them in batches. */
export async function digestsAfter(
  db: Kysely<Tables>,
  after: string,
  limit: number,
): Promise<{ sha256: string; ids: string[] }[]> {
  return await db
    .selectFrom('assets')
    .select(['sha256', sql<string[]>`array_agg(id order by id)`.as('ids')])
    .where('state', '=', 'kept')
    .where('sha256', '>', after)
    .groupBy('sha256')
    .orderBy('sha256')
    .limit(limit)
    .execute()
}

/** The asset of a row as the contract shows it. */
export function toItem(row: AssetRow, thumbnailPath: (sha256: string) => string): LibraryItem {
  return {
    id: row.id,
    name: row.name,
    title: row.title,
    type: row.type,
    bytes: Number(row.bytes),
    sha256: row.sha256,
    state: row.state,
    ...(row.facts === null ? {} : { facts: row.facts }),
    ...(row.link === null ? {} : { link: row.link }),
    ...(row.job_id === null ? {} : { job: row.job_id }),
    ...(row.thumbnail === null ? {} : { thumbnail: thumbnailPath(row.thumbnail) }),
    createdAt: row.created_at.toISOString(),
  }
}

function kept(db: Kysely<Tables>, account: string) {
  return db.selectFrom('assets').select(columns).where('account_id', '=', account).where('state', '=', 'kept')
}

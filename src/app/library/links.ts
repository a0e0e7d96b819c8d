import { sql } from 'kysely'
import type { Kysely, Selectable } from 'kysely'
import type { FileLink } from '@jackdaw/contract/operations/library.ts'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Tables } from '#db/tables.ts'
import { extended } from './rules.ts'
import type { LinkState } from './rules.ts'

export type LinkRow = Selectable<Tables['links']>

export interface NewLink {
  readonly id: string
  readonly asset: string
  readonly account: string
  readonly expiresAt: Date
  readonly maxUses: number | undefined
  readonly passwordHash: string | undefined
}

export async function insertLink(db: Kysely<Tables>, link: NewLink): Promise<LinkRow> {
  return await db
    .insertInto('links')
    .values({
      id: link.id,
      asset_id: link.asset,
      account_id: link.account,
      expires_at: link.expiresAt,
      max_uses: link.maxUses ?? null,
      password_hash: link.passwordHash ?? null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** The signed links of an asset, newest first. */
export async function linksOf(db: Kysely<Tables>, account: string, asset: string): Promise<LinkRow[]> {
  return await db
    .selectFrom('links')
    .selectAll()
    .where('account_id', '=', account)
    .where('asset_id', '=', asset)
    .orderBy('id', 'desc')
    .limit(1000)
    .execute()
}

/** Lets a link live until `seconds` from now, at least; throws `input.unknown`, and `input.conflict` when revoked. */
export async function extendLink(
  db: Kysely<Tables>,
  which: { readonly account: string; readonly id: string },
  seconds: number,
  now: number,
): Promise<LinkRow> {
  return await db.transaction().execute(async (tx) => {
    const row = await tx
      .selectFrom('links')
      .selectAll()
      .where('account_id', '=', which.account)
      .where('id', '=', which.id)
      .forUpdate()
      .executeTakeFirst()
    if (row === undefined) throw new Fault('input.unknown', { noun: 'signed link', id: which.id })
    return await tx
      .updateTable('links')
      .set({ expires_at: extended(toState(row), seconds, now) })
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow()
  })
}

/** Ends a link; safe to repeat. Throws `input.unknown`. */
export async function revokeLink(db: Kysely<Tables>, account: string, id: string): Promise<LinkRow> {
  const row = await db
    .updateTable('links')
    .set({ revoked_at: sql<Date>`coalesce(revoked_at, now())` })
    .where('account_id', '=', account)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
  if (row === undefined) throw new Fault('input.unknown', { noun: 'signed link', id })
  return row
}

/** Counts one use if one is left; two downloads that start at once cannot share the last one. */
export async function countUse(db: Kysely<Tables>, id: string): Promise<boolean> {
  const row = await db
    .updateTable('links')
    .set({ uses: sql<number>`uses + 1` })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .where(sql<boolean>`(max_uses is null or uses < max_uses)`)
    .returning('uses')
    .executeTakeFirst()
  return row !== undefined
}

export function toState(row: LinkRow): LinkState {
  return {
    id: row.id,
    expiresAt: row.expires_at?.getTime() ?? null,
    revokedAt: row.revoked_at?.getTime() ?? null,
    maxUses: row.max_uses,
    uses: row.uses,
  }
}

export function toLink(row: LinkRow): FileLink {
  return {
    id: row.id,
    asset: row.asset_id,
    expiresAt: row.expires_at?.toISOString() ?? null,
    maxUses: row.max_uses,
    uses: row.uses,
    revokedAt: row.revoked_at?.toISOString() ?? null,
    protected: row.password_hash !== null,
    createdAt: row.created_at.toISOString(),
  }
}

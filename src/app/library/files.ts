import type { Kysely } from 'kysely'
import { sniffFile } from '#kernel/sniff.ts'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Tables } from '#db/tables.ts'
import type { Store } from '#pipeline/store.ts'
import { countUse, toState } from './links.ts'
import { linkCost } from './rules.ts'
import type { LinkAct } from './rules.ts'
import { passwordMatches } from './signatures.ts'
import type { Signatures } from './signatures.ts'

/** A file that somebody may have: where its bytes are on this machine, and what to call it. */
export interface GrantedFile {
  readonly path: string
  readonly name: string
  readonly type: string
  readonly sha256: string
  readonly at: Date
  /** Asks for the act that is about to happen and counts it; throws `access.expired` when nothing is left. */
  take(act: LinkAct): Promise<void>
}

/** What stands behind the addresses under /files. */
export interface Files {
  /**
   * The file of a signed link. Throws `input.unknown` when the address was not signed by this house, `access.expired`,
   * and `access.unauthenticated` when the link has a password and this is not it.
   */
  byLink(grant: { readonly link: string; readonly signature: string; readonly password?: string }): Promise<GrantedFile>
  /** A thumbnail by its signed address; throws `input.unknown`. */
  thumbnail(grant: { readonly sha256: string; readonly signature: string }): Promise<GrantedFile>
}

export interface FilePorts {
  readonly db: Kysely<Tables>
  readonly store: Store
  readonly signatures: Signatures
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export function files({ db, store, signatures, now }: FilePorts): Files {
  return {
    async byLink({ link, signature, password }) {
      // An unknown link and a wrong signature look the same from outside.
      if (!signatures.holdsLink(link, signature)) throw unknown(link)
      const row = await db
        .selectFrom('links')
        .innerJoin('assets', 'assets.id', 'links.asset_id')
        .selectAll('links')
        .select(['assets.name', 'assets.type', 'assets.sha256', 'assets.created_at as made_at', 'assets.state'])
        .where('links.id', '=', link)
        .executeTakeFirst()
      if (row === undefined) throw unknown(link)
      if (row.state !== 'kept') throw new Fault('access.expired')
      const state = toState(row)
      if (row.revoked_at !== null || (state.expiresAt !== null && state.expiresAt <= now()))
        throw new Fault('access.expired')
      if (row.password_hash !== null && !(await passwordMatches(password ?? '', row.password_hash)))
        throw new Fault('access.unauthenticated')
      return {
        path: store.path(row.sha256),
        name: row.name,
        type: row.type,
        sha256: row.sha256,
        at: row.made_at,
        async take(act) {
          if (linkCost(state, act, now()) === 1 && !(await countUse(db, link))) throw new Fault('access.expired')
        },
      }
    },
    async thumbnail({ sha256, signature }) {
      if (!/^[0-9a-f]{64}$/.test(sha256) || !signatures.holdsThumbnail(sha256, signature)) throw unknown(sha256)
      const row = await db
        .selectFrom('assets')
        .select('created_at')
        .where('thumbnail', '=', sha256)
        .where('state', '=', 'kept')
        .limit(1)
        .executeTakeFirst()
      if (row === undefined) throw unknown(sha256)
      const path = store.path(sha256)
      const type = await sniffFile(path)
      return { path, name: 'thumbnail', type, sha256, at: row.created_at, take: async () => undefined }
    },
  }
}

function unknown(id: string): Fault {
  return new Fault('input.unknown', { noun: 'file', id })
}

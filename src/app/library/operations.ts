import type { Kysely, Transaction } from 'kysely'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Tables } from '#db/tables.ts'
import { newId } from '#kernel/ids.ts'
import type { Store } from '#pipeline/store.ts'
import { os } from '../door.ts'
import { extendLink, insertLink, linksOf, revokeLink, toLink } from './links.ts'
import { hashPassword } from './signatures.ts'
import type { Signatures } from './signatures.ts'
import { findKept, freeUnneeded, listKept, markRemoved, toItem } from './store.ts'
import type { AssetRow } from './store.ts'
import { verifyAll, verifyOne } from './verify.ts'

export interface LibraryPorts {
  readonly db: Kysely<Tables>
  readonly store: Store
  readonly signatures: Signatures
  /** Where people reach this house, without a slash at the end. */
  readonly publicUrl: () => string
  /** Writes the event `asset.removed` in the transaction of the change. */
  readonly announceRemoved: (tx: Transaction<Tables>, asset: AssetRow, account: string) => Promise<void>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** The handlers of `library.*`. */
export function libraryOperations(ports: LibraryPorts) {
  const { db, signatures, store } = ports
  const item = (row: AssetRow) => toItem(row, signatures.thumbnailPath)
  const find = async (account: string, id: string) => {
    const row = await findKept(db, account, id)
    if (row === undefined) throw unknown(id)
    return row
  }
  return {
    list: os.library.list.handler(async ({ input, context }) => {
      const { rows, more } = await listKept(db, { ...input, account: context.caller.account })
      return { items: rows.map(item), next: more ? (rows.at(-1)?.id ?? null) : null }
    }),
    get: os.library.get.handler(async ({ input, context }) => item(await find(context.caller.account, input.id))),
    remove: os.library.remove.handler(async ({ input, context }) => {
      const { account } = context.caller
      const row = await db.transaction().execute(async (tx) => {
        const removed = await markRemoved(tx, account, input.id)
        if (removed !== undefined) await ports.announceRemoved(tx, removed, account)
        return removed
      })
      if (row === undefined) throw unknown(input.id)
      const free = (sha256: string) => store.remove(sha256)
      const freed = await freeUnneeded(db, row.sha256, free)
      if (row.thumbnail !== null) await freeUnneeded(db, row.thumbnail, free)
      return { id: row.id, freedBytes: freed ? Number(row.bytes) : 0 }
    }),
    link: os.library.link.handler(async ({ input, context }) => {
      const row = await find(context.caller.account, input.id)
      const link = await insertLink(db, {
        id: newId(),
        asset: row.id,
        account: context.caller.account,
        expiresAt: new Date(ports.now() + input.expiresInSeconds * 1000),
        maxUses: input.maxUses,
        passwordHash: input.password === undefined ? undefined : await hashPassword(input.password),
      })
      return { ...toLink(link), url: ports.publicUrl() + signatures.linkPath(link.id, row.name) }
    }),
    links: os.library.links.handler(async ({ input, context }) => {
      await find(context.caller.account, input.id)
      return (await linksOf(db, context.caller.account, input.id)).map(toLink)
    }),
    extend: os.library.extend.handler(async ({ input, context }) => {
      const which = { account: context.caller.account, id: input.link }
      return toLink(await extendLink(db, which, input.expiresInSeconds, ports.now()))
    }),
    revoke: os.library.revoke.handler(async ({ input, context }) =>
      toLink(await revokeLink(db, context.caller.account, input.link)),
    ),
    verify: os.library.verify.handler(async ({ input, context, signal }) => {
      if (input.id !== undefined) return await verifyOne(store, await find(context.caller.account, input.id), signal)
      return await verifyAll(db, store, { now: ports.now(), signal })
    }),
  }
}

function unknown(id: string): Fault {
  return new Fault('input.unknown', { noun: 'asset', id })
}

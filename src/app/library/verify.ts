import type { Kysely } from 'kysely'
import type { Tables } from '#db/tables.ts'
import type { Store } from '#pipeline/store.ts'
import { digestsAfter, isNeeded } from './store.ts'

/** What a look at the bytes found: ids of assets that are damaged or missing, and digests that nobody needs. */
export interface Findings {
  readonly checked: number
  readonly damaged: string[]
  readonly missing: string[]
  readonly orphans: string[]
}

/** Bytes younger than this (ms) may belong to a keep whose row is not written yet. */
const settlesAfterMs = 3_600_000

export async function verifyOne(
  store: Store,
  asset: { readonly id: string; readonly sha256: string },
  signal?: AbortSignal,
): Promise<Findings> {
  const verdict = await store.verify(asset.sha256, { signal })
  return {
    checked: 1,
    damaged: verdict === 'damaged' ? [asset.id] : [],
    missing: verdict === 'missing' ? [asset.id] : [],
    orphans: [],
  }
}

/** Reads every kept digest again, one after another, then looks for bytes that nothing kept needs. Removes nothing. */
export async function verifyAll(
  db: Kysely<Tables>,
  store: Store,
  how: { readonly now: number; readonly signal: AbortSignal | undefined },
): Promise<Findings> {
  const findings: { checked: number; damaged: string[]; missing: string[]; orphans: string[] } = {
    checked: 0,
    damaged: [],
    missing: [],
    orphans: [],
  }
  let after = ''
  for (;;) {
    const batch = await digestsAfter(db, after, 200)
    for (const { sha256, ids } of batch) {
      how.signal?.throwIfAborted()
      const verdict = await store.verify(sha256, { signal: how.signal })
      findings.checked += ids.length
      if (verdict !== 'sound') findings[verdict].push(...ids)
      after = sha256
    }
    if (batch.length === 0) break
  }
  for await (const { sha256, at } of store.list()) {
    how.signal?.throwIfAborted()
    if (at < how.now - settlesAfterMs && !(await isNeeded(db, sha256))) findings.orphans.push(sha256)
  }
  findings.orphans.sort()
  return findings
}

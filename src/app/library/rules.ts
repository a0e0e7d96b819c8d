import { Fault } from '@jackdaw/contract/faults.ts'

/**
 * A search as a tsquery: every word must be there, the last one may be the beginning of a word. Undefined when the text
 * has no words. Only letters and digits pass, so nothing in it can be an operator.
 */
export function searchQuery(text: string): string | undefined {
  const words = text.normalize('NFC').match(/[\p{L}\p{M}\p{N}]+/gu)
  return words === null ? undefined : `${words.map((word) => `'${word}'`).join(' & ')}:*`
}

/** A signed link as its rules see it; times are milliseconds since 1970. */
export interface LinkState {
  readonly id: string
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly maxUses: number | null
  readonly uses: number
}

/**
 * What somebody does with a signed link. A use is counted at the start of a download: `begin` is an answer that holds the
 * file's first byte; `continue` is any other range, free once a use was counted; `look` (HEAD, a validator that still
 * holds) costs nothing.
 */
export type LinkAct = 'begin' | 'continue' | 'look'

/** Whether the act costs a use; throws `access.expired` when the link does not allow it. */
export function linkCost(link: LinkState, act: LinkAct, now: number): 0 | 1 {
  if (link.revokedAt !== null || (link.expiresAt !== null && link.expiresAt <= now)) throw new Fault('access.expired')
  // Whoever starts in the middle has not paid yet.
  const pays = act === 'begin' || (act === 'continue' && link.uses === 0)
  const usedUp = link.maxUses !== null && link.uses >= link.maxUses
  if (usedUp && (pays || act === 'look')) throw new Fault('access.expired')
  return pays ? 1 : 0
}

/** When an extended link ends. A revoked link stays revoked. */
export function extended(link: LinkState, seconds: number, now: number): Date {
  if (link.revokedAt !== null) throw new Fault('input.conflict', { reason: 'the link was revoked; make another one' })
  // Extending never shortens: two people who extend at once both get what they were promised.
  return new Date(Math.max(link.expiresAt ?? 0, now + seconds * 1000))
}

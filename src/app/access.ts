import { createHash, timingSafeEqual } from 'node:crypto'
import type { Meta } from '@jackdaw/contract/operations/base.ts'

export type Role = 'owner' | 'admin' | 'moderator' | 'member' | 'guest'

/** Who is asking. `none` is whoever brought no credential. */
export interface Caller {
  readonly account: string
  readonly role: Role
  readonly via: 'local' | 'token' | 'none'
}

const ranks: Record<Role, number> = { guest: 0, member: 1, moderator: 2, admin: 3, owner: 4 }
const needed: Record<Meta['access'], number> = { public: 0, member: 1, moderator: 2, owner: 4 }

/** Whether this caller may use an operation that asks for `access`. */
export function allows(access: Meta['access'], caller: Caller): boolean {
  return ranks[caller.role] >= needed[access]
}

/** Credentials of the owner: the token file's, and one that never leaves this process. */
export interface OwnerCredentials {
  readonly token?: string
  readonly local?: string
}

/** Recognises the owner, the only account that there is; compares in constant time. */
export function ownerOnly(credentials: OwnerCredentials): (credential: string) => Promise<Caller | undefined> {
  return async (credential) => {
    if (same(credential, credentials.local)) return { account: 'owner', role: 'owner', via: 'local' }
    if (same(credential, credentials.token)) return { account: 'owner', role: 'owner', via: 'token' }
    return undefined
  }
}

/** Digests have one length, so neither the length nor the first differing character shows in the time. */
function same(given: string, expected: string | undefined): boolean {
  if (expected === undefined || expected === '') return false
  return timingSafeEqual(digest(given), digest(expected))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

import { oc } from '@orpc/contract'

/** What the door and the faces need to know of an operation besides its input and output. */
export interface Meta extends Record<string, unknown> {
  /** Who may call it. Until accounts exist, every credential holder is the owner. */
  readonly access: 'public' | 'member' | 'moderator' | 'owner'
  /** A change: audited, and safe to repeat with an idempotency key. */
  readonly mutates?: boolean
  /** Absent capabilities unmount their operations. */
  readonly capability?: 'library'
}

export const operation = oc.$meta<Meta>({ access: 'owner' })

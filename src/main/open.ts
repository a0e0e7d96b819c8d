import { Fault } from '@jackdaw/contract/faults.ts'
import type { Contract } from '@jackdaw/contract/contract.ts'
import type { ContractRouterClient } from '@orpc/contract'
import type { Config } from './config.ts'

export const roles = ['web', 'worker', 'scheduler', 'bot'] as const
export type Role = (typeof roles)[number]

export interface House extends AsyncDisposable {
  /** Where the house can be reached, when it has the role `web`. */
  readonly url?: string
  /** All operations for one caller. */
  admit(outside: { face: 'cli' }): ContractRouterClient<Contract>
  /** Takes over what may change while running. */
  reload?(config: Config): Promise<void>
}

/** Opens the house: the composition root. */
export async function openHouse(how: { config: Config; as: readonly Role[]; signal?: AbortSignal }): Promise<House> {
  throw new Fault('house.absent', { reason: `nothing is put together yet in ${how.config.data}` })
}

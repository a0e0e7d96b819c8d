import { traverseContractProcedures } from '@orpc/server'
import { contract } from '@jackdaw/contract/contract.ts'
import { Fault } from '@jackdaw/contract/faults.ts'
import { os } from '#app/door.ts'
import type { Parts } from '#app/router.ts'

/** Handlers for every operation; those that a test does not give end with `house.absent`. */
export function fakeParts(given: { readonly [Group in keyof Parts]?: Partial<Parts[Group]> } = {}): Parts {
  const parts: Record<string, Record<string, unknown>> = {}
  traverseContractProcedures({ router: contract, path: [] }, ({ path: [group = '', name = ''] }) => {
    // Indexed by names out of the contract itself, which TypeScript cannot follow.
    const builder = Reflect.get(Reflect.get(os, group) as object, name) as typeof os.house.status
    const absent = builder.handler(async () => {
      throw new Fault('house.absent', { reason: 'the test gave no handler' })
    })
    const named: unknown = Reflect.get(given[group as keyof Parts] ?? {}, name)
    ;(parts[group] ??= {})[name] = named ?? absent
  })
  return parts as unknown as Parts
}

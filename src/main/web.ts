import { Fault } from '@jackdaw/contract/faults.ts'
export async function openWeb(_: object): Promise<AsyncDisposable & { url: string }> {
  throw new Fault('house.absent', { reason: 'soon' })
}

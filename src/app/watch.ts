import { Fault } from '@jackdaw/contract/faults.ts'

/**
 * From which sequence number a watch replays: behind the last event that its reader had (`lastEventId`, of a stream that
 * broke), else from what the reader asked for. Throws `input.invalid` when the id is none of ours.
 */
export function sinceOf(asked: number | undefined, lastEventId: string | undefined): number | undefined {
  if (lastEventId === undefined || lastEventId === '') return asked
  if (!/^\d{1,15}$/.test(lastEventId)) throw new Fault('input.invalid', { reason: 'Last-Event-ID must be a number' })
  return Number(lastEventId)
}

import { Fault } from '@jackdaw/contract/faults.ts'
import { Untrue } from './signals.ts'

/**
 * Where a download goes on, so many bytes are asked for that are here already, and compared. This finds servers that
 * ignore a range but answer as if they had not, and files that changed although their validators did not.
 */
export const overlapBytes = 1024

/** Throws `Untrue` unless both are equal. */
export function checkLanded(here: Uint8Array, there: Uint8Array): void {
  if (Buffer.compare(here, there) !== 0) throw new Untrue('the bytes of the range are not those that are here')
}

/** Throws `quota.file-size` when the file is larger than allowed. */
export function checkSize(bytes: number, limit: number | undefined): void {
  if (limit !== undefined && bytes > limit) throw new Fault('quota.file-size', { bytes, limit }, {})
}

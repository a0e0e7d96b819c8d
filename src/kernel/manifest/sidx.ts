import { malformed } from './xml.ts'
import type { ByteRange } from './dash-segments.ts'

/** A part of a file, as its index tells. */
export interface Indexed {
  readonly range: ByteRange
  readonly seconds: number
}

/** No index is larger: a day of one-second parts has 1 MB. */
export const mostIndexBytes = 8 * 2 ** 20

/**
 * The parts that a segment index (`sidx`, ISO/IEC 14496-12, section 8.16.3) lists. `at` is where `bytes` begin in the
 * file. Undefined when it is another kind of index (WebM's Cues), or one of further indexes. Throws `source.malformed`.
 */
export function readSidx(bytes: Uint8Array, at: number): readonly Indexed[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = find(view)
  if (start === undefined) return undefined
  const size = view.getUint32(start)
  const isLong = view.getUint8(start + 8) > 0
  // size, type, version and flags, reference id, timescale; then two times; then a reserved word and the count
  const after = start + 20 + (isLong ? 16 : 8)
  if (start + size > view.byteLength || after + 4 > start + size) throw malformed('its index is cut off')
  const timescale = view.getUint32(start + 16)
  const first = isLong ? Number(view.getBigUint64(start + 28)) : view.getUint32(start + 24)
  const count = view.getUint16(after + 2)
  if (timescale === 0 || after + 4 + count * 12 > start + size) throw malformed('its index is damaged')
  let from = at + start + size + first
  const found: Indexed[] = []
  for (let index = 0; index < count; index += 1) {
    const entry = after + 4 + index * 12
    const word = view.getUint32(entry)
    // The first bit says that an index follows, not media.
    if (word >= 2 ** 31) return undefined
    if (word === 0) continue
    found.push({ range: { from, bytes: word }, seconds: view.getUint32(entry + 4) / timescale })
    from += word
  }
  if (!Number.isSafeInteger(from)) throw malformed('its index is damaged')
  return found.length === 0 ? undefined : found
}

/** Where the first `sidx` is among the boxes. */
function find(view: DataView): number | undefined {
  for (let at = 0; at + 32 <= view.byteLength;) {
    const size = view.getUint32(at)
    if (view.getUint32(at + 4) === 0x73_69_64_78) return at
    if (size < 8) return undefined
    at += size
  }
  return undefined
}

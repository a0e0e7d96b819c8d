import { open } from 'node:fs/promises'

/** Demuxers by the names that ffmpeg has for them. */
export type Format = 'mpegts' | 'mov' | 'matroska' | 'aac' | 'mp3' | 'ac3' | 'eac3'

/**
 * What a file of joined segments is, by its first bytes. Undefined: nothing that may be handed to ffmpeg, which would
 * find out by itself and open whatever a text of that shape names.
 */
export async function formatOfFile(path: string): Promise<Format | undefined> {
  const file = await open(path, 'r')
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(lookedAt), 0, lookedAt, 0)
    return formatOf(buffer.subarray(0, bytesRead))
  } finally {
    await file.close()
  }
}

/** Covers and time stamps stand before some sound (ID3), disguises before some transport streams. */
const lookedAt = 256 * 1024
const boxes = new Set(['ftyp', 'styp', 'moov', 'moof', 'sidx', 'emsg', 'prft', 'free', 'skip'])

export function formatOf(head: Buffer): Format | undefined {
  if (boxes.has(head.toString('latin1', 4, 8))) return 'mov'
  if (head.length >= 4 && head.readUInt32BE(0) === 0x1a45dfa3) return 'matroska'
  let at = 0
  // Synchsafe lengths (ID3v2.4, 3.1): seven bits of each byte.
  while (head.toString('latin1', at, at + 3) === 'ID3' && at + 10 <= head.length) {
    at += 10 + [6, 7, 8, 9].reduce((length, index) => length * 128 + ((head[at + index] ?? 0) & 0x7f), 0)
  }
  const [first = 0, second = 0] = [head[at], head[at + 1]]
  if (first === 0xff && (second & 0xf6) === 0xf0) return 'aac'
  if (first === 0xff && (second & 0xe0) === 0xe0) return 'mp3'
  if (first === 0x0b && second === 0x77) return (head[at + 5] ?? 0) >> 3 > 10 ? 'eac3' : 'ac3'
  return isTransportStream(head) ? 'mpegts' : undefined
}

/** Three packets in a row (ISO/IEC 13818-1, 2.4.3.2: 188 bytes each), or as many as there are. */
function isTransportStream(head: Buffer): boolean {
  const last = Math.min(head.length - 1, 64 * 1024)
  for (let at = head.indexOf(0x47); at >= 0 && at <= last; at = head.indexOf(0x47, at + 1)) {
    if (at + 376 < head.length && head[at + 188] === 0x47 && head[at + 376] === 0x47) return true
  }
  return head[0] === 0x47 && head.length % 188 === 0 && head.length > 0
}

import { blank, boxesOf, broken, Cursor, within, type Box } from './boxes.ts'

export type Scheme = 'cenc' | 'cens' | 'cbc1' | 'cbcs'

/** How samples are encrypted unless a group of them is said to be otherwise (`tenc`, ISO/IEC 23001-7, section 8.2). */
export interface Defaults {
  readonly isProtected: boolean
  /** Bytes of the start value that comes with each sample; 0: all have `constantIv`. */
  readonly ivBytes: number
  readonly constantIv?: Buffer
  /** 32 small hex digits. */
  readonly kid: string
  /** Of ten blocks of 16 bytes, say, one is encrypted and nine are not. 0 and 0: all are. */
  readonly crypt: number
  readonly skip: number
}

export interface ProtectedTrack extends Defaults {
  readonly id: number
  readonly scheme: Scheme
}

export interface Movie {
  /** The encrypted tracks by their number. */
  readonly tracks: ReadonlyMap<number, ProtectedTrack>
  /** Sizes of samples where a fragment does not tell (`trex`). */
  readonly sampleBytes: ReadonlyMap<number, number>
}

/**
 * Reads how the tracks of an MP4 header (`moov`) are encrypted, and rewrites it in place as if they were not: sample
 * entries get their own names back (`encv` → `avc1`). Throws `source.malformed`.
 */
export function openMovie(bytes: Buffer): Movie {
  const [moov] = within(bytes, boxesOf(bytes), ['moov'])
  const tracks = new Map<number, ProtectedTrack>()
  const sampleBytes = new Map<number, number>()
  if (moov === undefined) return { tracks, sampleBytes }
  const inside = boxesOf(bytes, moov.body, moov.end)
  for (const trak of within(bytes, inside, ['trak'])) {
    const boxes = boxesOf(bytes, trak.body, trak.end)
    const id = trackId(bytes, within(bytes, boxes, ['tkhd'])[0])
    for (const stsd of within(bytes, boxes, ['mdia', 'minf', 'stbl', 'stsd'])) {
      // Version, flags and a count stand before the entries.
      for (const entry of boxesOf(bytes, stsd.body + 8, stsd.end)) {
        if (!/^enc[avtsm]$/.test(entry.type)) continue
        const found = openEntry(bytes, entry)
        if (found !== undefined) tracks.set(id, { id, ...found })
      }
    }
  }
  for (const trex of within(bytes, inside, ['mvex', 'trex'])) {
    const cursor = new Cursor(bytes, trex.body + 4, trex.end)
    const id = cursor.number(4)
    cursor.skip(8)
    sampleBytes.set(id, cursor.number(4))
  }
  for (const box of inside) if (box.type === 'pssh') blank(bytes, box)
  return { tracks, sampleBytes }
}

function trackId(bytes: Buffer, tkhd: Box | undefined): number {
  if (tkhd === undefined) throw broken('a track of it has no header')
  const cursor = new Cursor(bytes, tkhd.body, tkhd.end)
  const isLong = cursor.number(1) > 0
  cursor.skip(3 + (isLong ? 16 : 8))
  return cursor.number(4)
}

function openEntry(bytes: Buffer, entry: Box): Omit<ProtectedTrack, 'id'> | undefined {
  const sinf = findSinf(bytes, entry)
  if (sinf === undefined) throw broken('an encrypted track of it does not say how')
  const boxes = boxesOf(bytes, sinf.body, sinf.end)
  const [frma] = within(bytes, boxes, ['frma'])
  const [schm] = within(bytes, boxes, ['schm'])
  const [tenc] = within(bytes, boxes, ['schi', 'tenc'])
  if (frma === undefined || tenc === undefined) throw broken('an encrypted track of it does not say how')
  const named = schm && new Cursor(bytes, schm.body + 4, schm.end).take(4).toString('latin1')
  const scheme = named === undefined || named === 'piff' ? 'cenc' : named
  if (scheme !== 'cenc' && scheme !== 'cens' && scheme !== 'cbc1' && scheme !== 'cbcs') {
    throw broken(`its encryption ${JSON.stringify(scheme)} is not one of common encryption`)
  }
  const defaults = readDefaults(bytes, tenc)
  new Cursor(bytes, frma.body, frma.end).take(4).copy(bytes, entry.start + 4)
  blank(bytes, sinf)
  return { scheme, ...defaults }
}

/**
 * The boxes of a sample entry begin behind fields whose length depends on kind and version, so that this one is looked
 * for by its name, and is right if its own boxes fit.
 */
function findSinf(bytes: Buffer, entry: Box): Box | undefined {
  for (let at = bytes.indexOf('sinf', entry.body, 'latin1'); at >= 0 && at < entry.end;) {
    const start = at - 4
    const size = bytes.readUInt32BE(start)
    if (start >= entry.body && size >= 24 && start + size <= entry.end) {
      return { type: 'sinf', start, body: start + 8, end: start + size }
    }
    at = bytes.indexOf('sinf', at + 4, 'latin1')
  }
  return undefined
}

function readDefaults(bytes: Buffer, tenc: Box): Defaults {
  const cursor = new Cursor(bytes, tenc.body, tenc.end)
  const version = cursor.number(1)
  cursor.skip(3)
  return readEntry(cursor, version)
}

/** The fields that `tenc` and a group's entry (`seig`) share. */
export function readEntry(cursor: Cursor, version = 1): Defaults {
  cursor.skip(1)
  const pattern = cursor.number(1)
  const isProtected = cursor.number(1) === 1
  const ivBytes = cursor.number(1)
  const kid = cursor.take(16).toString('hex')
  if (![0, 8, 16].includes(ivBytes)) throw broken('a start value of it has a length that there is not')
  const constantIv = isProtected && ivBytes === 0 ? Buffer.from(cursor.take(cursor.number(1))) : undefined
  if (constantIv !== undefined && ![8, 16].includes(constantIv.length)) {
    throw broken('a start value of it has a length that there is not')
  }
  const [crypt, skip] = version === 0 ? [0, 0] : [pattern >> 4, pattern & 15]
  return { isProtected, ivBytes, kid, crypt, skip, ...(constantIv && { constantIv }) }
}

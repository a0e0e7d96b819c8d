import { blank, boxesOf, broken, Cursor, within, type Box } from './boxes.ts'
import { readEntry, type Defaults, type Movie, type ProtectedTrack } from './protection.ts'

/** A stretch of a sample: so many bytes in the clear, then so many encrypted. */
export interface Subsample {
  readonly clear: number
  readonly encrypted: number
}

export interface Sample {
  readonly start: number
  readonly end: number
  readonly iv: Buffer
  /** None: all of it is encrypted. */
  readonly subsamples: readonly Subsample[]
  readonly track: ProtectedTrack
}

/** No fragment has more: an hour of sound in one. */
const mostSamples = 1_000_000

/** PIFF, from before the standard, keeps the same box under this id. */
const piffSenc = 'a2394f525a9b4f14a2446c427c648df4'

/**
 * The encrypted samples of one fragment, whose `moof` and `mdat` lie in `bytes`. What tells of the encryption is blanked
 * out in place. Throws `source.malformed` when anything points outside.
 */
export function openFragment(bytes: Buffer, moof: Box, movie: Movie): readonly Sample[] {
  const samples: Sample[] = []
  // Where data begins that does not say where: behind that of the track before, and at the fragment for the first.
  let follows = moof.start
  const inside = boxesOf(bytes, moof.body, moof.end)
  for (const traf of within(bytes, inside, ['traf'])) {
    const boxes = boxesOf(bytes, traf.body, traf.end)
    const head = headerOf(bytes, boxes, moof, movie)
    const places: { start: number; end: number }[] = []
    let at = head.base ?? follows
    for (const trun of within(bytes, boxes, ['trun'])) at = readRun(bytes, trun, head, at, places)
    follows = at
    const track = movie.tracks.get(head.track)
    if (track !== undefined) samples.push(...encrypted(bytes, boxes, moof, track, places))
  }
  for (const box of inside) if (box.type === 'pssh') blank(bytes, box)
  return samples
}

interface Header {
  readonly track: number
  readonly base: number | undefined
  /** Where a run's own offset counts from. */
  readonly origin: number
  readonly sampleBytes: number
}

function headerOf(bytes: Buffer, boxes: readonly Box[], moof: Box, movie: Movie): Header {
  const [tfhd] = within(bytes, boxes, ['tfhd'])
  if (tfhd === undefined) throw broken('a fragment of it has no header')
  const cursor = new Cursor(bytes, tfhd.body + 1, tfhd.end)
  const flags = cursor.number(3)
  const track = cursor.number(4)
  // An absolute address counts from the beginning of the file, of which we have a piece; players do the same as we.
  if (flags & 0x1) cursor.long()
  if (flags & 0x2) cursor.skip(4)
  if (flags & 0x8) cursor.skip(4)
  const sampleBytes = flags & 0x10 ? cursor.number(4) : (movie.sampleBytes.get(track) ?? 0)
  const base = flags & 0x1 || flags & 0x20000 ? moof.start : undefined
  return { track, base, origin: base ?? moof.start, sampleBytes }
}

/** Adds the places of a run's samples and returns where they end. */
function readRun(
  bytes: Buffer,
  trun: Box,
  head: Header,
  follows: number,
  places: { start: number; end: number }[],
): number {
  const cursor = new Cursor(bytes, trun.body + 1, trun.end)
  const flags = cursor.number(3)
  const count = cursor.number(4)
  // Two's complement: data may lie before.
  let at = flags & 0x1 ? head.origin + (cursor.number(4) | 0) : follows
  if (flags & 0x4) cursor.skip(4)
  const [duration, size] = [flags & 0x100 ? 4 : 0, flags & 0x200]
  const rest = (flags & 0x400 ? 4 : 0) + (flags & 0x800 ? 4 : 0)
  if (places.length + count > mostSamples) throw broken('a fragment of it has too many samples')
  for (let index = 0; index < count; index += 1) {
    cursor.skip(duration)
    const length = size ? cursor.number(4) : head.sampleBytes
    cursor.skip(rest)
    if (at < 0 || at + length > bytes.length) throw broken('a sample of it lies outside its fragment')
    places.push({ start: at, end: at + length })
    at += length
  }
  return at
}

function encrypted(
  bytes: Buffer,
  boxes: readonly Box[],
  moof: Box,
  track: ProtectedTrack,
  places: readonly { start: number; end: number }[],
): readonly Sample[] {
  const senc = boxes.find((box) => box.type === 'senc' || box.uuid === piffSenc)
  const groups = groupsOf(bytes, boxes, places.length)
  const how = places.map((_, index): ProtectedTrack => ({ ...track, ...groups[index] }))
  const cursors = senc === undefined ? scattered(bytes, boxes, moof, how) : listed(bytes, senc, how)
  const samples = places.flatMap((place, index): readonly Sample[] => {
    const told = how[index] ?? track
    if (!told.isProtected) return []
    const next = cursors?.(index)
    const iv = told.ivBytes === 0 ? told.constantIv : next?.cursor.take(told.ivBytes)
    if (iv === undefined) throw broken('an encrypted sample of it has no start value')
    const full = Buffer.alloc(16)
    iv.copy(full)
    return [{ ...place, iv: full, subsamples: next === undefined ? [] : subsamplesOf(next, place), track: told }]
  })
  for (const box of boxes) {
    const isOurs = ['senc', 'saiz', 'saio'].includes(box.type) || box.uuid === piffSenc || isGroup(bytes, box)
    if (isOurs) blank(bytes, box)
  }
  return samples
}

/** What goes with one sample, and whether subsamples follow its start value. */
interface Told {
  readonly cursor: Cursor
  readonly hasSubsamples: boolean
}

function listed(bytes: Buffer, senc: Box, how: readonly ProtectedTrack[]): (index: number) => Told {
  const cursor = new Cursor(bytes, senc.body + 1, senc.end)
  const flags = cursor.number(3)
  if (flags & 0x1) throw broken('a fragment of it overrides its encryption in a way that is not supported')
  if (cursor.number(4) !== how.length) throw broken('a fragment of it tells of other samples than it has')
  return () => ({ cursor, hasSubsamples: (flags & 0x2) !== 0 })
}

/** Without a list, sizes (`saiz`) and one address (`saio`) say where the same is kept. */
function scattered(
  bytes: Buffer,
  boxes: readonly Box[],
  moof: Box,
  how: readonly ProtectedTrack[],
): ((index: number) => Told) | undefined {
  const [saiz, saio] = [boxes.find(({ type }) => type === 'saiz'), boxes.find(({ type }) => type === 'saio')]
  if (saiz === undefined || saio === undefined) return undefined
  const sizes = new Cursor(bytes, saiz.body + 1, saiz.end)
  if (sizes.number(3) & 0x1) sizes.skip(8)
  const [each, count] = [sizes.number(1), sizes.number(4)]
  if (count !== how.length) throw broken('a fragment of it tells of other samples than it has')
  const lengths = Array.from({ length: count }, () => (each === 0 ? sizes.number(1) : each))
  const offsets = new Cursor(bytes, saio.body, saio.end)
  const isLong = offsets.number(1) > 0
  if (offsets.number(3) & 0x1) offsets.skip(8)
  if (offsets.number(4) !== 1) throw broken('a fragment of it keeps start values in several places')
  let at = moof.start + (isLong ? offsets.long() : offsets.number(4))
  return (index) => {
    const length = lengths[index] ?? 0
    const cursor = new Cursor(bytes, at, at + length)
    at += length
    return { cursor, hasSubsamples: length > (how[index]?.ivBytes ?? 0) }
  }
}

function subsamplesOf({ cursor, hasSubsamples }: Told, place: { start: number; end: number }): readonly Subsample[] {
  if (!hasSubsamples) return []
  let left = place.end - place.start
  return Array.from({ length: cursor.number(2) }, () => {
    const subsample = { clear: cursor.number(2), encrypted: cursor.number(4) }
    left -= subsample.clear + subsample.encrypted
    if (left < 0) throw broken('an encrypted sample of it is longer than it is')
    return subsample
  })
}

function isGroup(bytes: Buffer, { type, body, end }: Box): boolean {
  return (
    (type === 'sgpd' || type === 'sbgp') && body + 8 <= end && bytes.toString('latin1', body + 4, body + 8) === 'seig'
  )
}

/** Samples whose encryption differs from the track's: keys that change on the way (`seig`, section 6). */
function groupsOf(bytes: Buffer, boxes: readonly Box[], samples: number): readonly (Defaults | undefined)[] {
  const [sbgp, sgpd] = ['sbgp', 'sgpd'].map((type) => boxes.find((box) => box.type === type && isGroup(bytes, box)))
  if (sbgp === undefined || sgpd === undefined) return []
  const list = new Cursor(bytes, sgpd.body, sgpd.end)
  const version = list.number(1)
  list.skip(7)
  const each = version === 1 ? list.number(4) : 0
  if (version >= 2) list.skip(4)
  const entries = Array.from({ length: Math.min(list.number(4), 1000) }, () => {
    const bytesOfEntry = version === 1 && each === 0 ? list.number(4) : each
    const from = list.at
    const entry = readEntry(list)
    if (bytesOfEntry > 0) list.at = from + bytesOfEntry
    return entry
  })
  const runs = new Cursor(bytes, sbgp.body, sbgp.end)
  const isParametric = runs.number(1) === 1
  runs.skip(7 + (isParametric ? 4 : 0))
  const found: (Defaults | undefined)[] = []
  for (let left = runs.number(4); left > 0 && found.length < samples; left -= 1) {
    const count = Math.min(runs.number(4), samples - found.length)
    const number = runs.number(4)
    // Above 65,536 it is one of the fragment's own entries; 0 is none.
    const entry = number === 0 ? undefined : entries[(number > 0x10000 ? number - 0x10000 : number) - 1]
    for (let index = 0; index < count; index += 1) found.push(entry)
  }
  return found
}

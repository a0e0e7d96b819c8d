import { address, amount, units } from './dash-values.ts'
import { childOf, childrenOf, malformed, type Element } from './xml.ts'

/** Part of a file: `bytes` bytes from byte `from`. */
export interface ByteRange {
  readonly from: number
  readonly bytes: number
}

export interface Piece {
  readonly url: string
  readonly range?: ByteRange | undefined
  readonly seconds: number
}

/** Where a representation's bytes are in one period. */
export interface Span {
  /** When the period begins, and how much earlier its media's own clock does. */
  readonly startSeconds: number
  readonly offsetSeconds: number
  readonly seconds: number | undefined
  /** What decoders need first. */
  readonly init?: { readonly url: string; readonly range?: ByteRange | undefined } | undefined
  /** The only piece is a file, and an index (`sidx`) of its parts is there. */
  readonly index?: ByteRange | undefined
  /** How many pieces there are. */
  readonly count: number
  /** Makes them. */
  pieces(): readonly Piece[]
}

/** A day in half-second segments; each is an object, a request and a line of a journal. */
export const mostSegments = 200_000

/** Timelines that were read already: qualities share them, and there may be hundreds of those. */
export type Timelines = WeakMap<Element, Map<string, Times>>

interface Place {
  readonly base: URL
  readonly start: number
  readonly seconds: number | undefined
  readonly timelines: Timelines
}

/**
 * SegmentTemplate (by number or time), SegmentList, SegmentBase or a plain file, as `levels` (period, adaptation set,
 * representation) say. The segments are counted and limited, but not made. Throws `source.malformed`.
 */
export function addressesOf(levels: readonly [Element, Element, Element], place: Place): Span {
  const inner = levels.toReversed()
  for (const name of ['SegmentTemplate', 'SegmentList', 'SegmentBase'] as const) {
    const tags = inner.map((level) => childOf(level, name)).filter((tag) => tag !== undefined)
    if (tags.length === 0) continue
    const said = new Said(tags)
    if (name === 'SegmentBase') return plainFile(said, place)
    return name === 'SegmentList' ? fromList(said, place) : fromTemplate(said, levels[2], place)
  }
  return plainFile(new Said([]), place)
}

/** Elements of one name, the innermost first: what an inner one does not say, an outer one does. */
class Said {
  readonly #tags: readonly Element[]
  readonly timescale: number

  constructor(tags: readonly Element[]) {
    this.#tags = tags
    const scale = this.attribute('timescale')
    this.timescale = scale === undefined ? 1 : (amount(scale) ?? 0)
    if (this.timescale === 0) throw malformed('a timescale of it is no number')
  }

  attribute(name: string): string | undefined {
    return this.#tags.find((tag) => tag.attributes.has(name))?.attributes.get(name)
  }

  child(name: string): Element | undefined {
    return this.#tags.map((tag) => childOf(tag, name)).find((child) => child !== undefined)
  }

  children(name: string): readonly Element[] {
    return this.#tags.map((tag) => childrenOf(tag, name)).find((children) => children.length > 0) ?? []
  }

  get offset(): bigint {
    return units(this.attribute('presentationTimeOffset'), 'presentationTimeOffset') ?? 0n
  }
}

function plainFile(said: Said, place: Place): Span {
  const index = rangeOf(said.attribute('indexRange'))
  const piece = { url: place.base.href, seconds: place.seconds ?? 0 }
  const init = initializationOf(said, place.base)
  // Without an index the file is fetched as it is, and what decoders need first comes with it.
  const apart = index === undefined && init?.url === piece.url ? undefined : init
  return { ...common(said, place), init: apart, index, count: 1, pieces: () => [piece] }
}

function fromList(said: Said, place: Place): Span {
  const urls = said.children('SegmentURL')
  if (urls.length === 0) throw malformed('a list of segments in it is empty')
  checked(urls.length)
  const isEven = said.child('SegmentTimeline') === undefined
  // Addresses beyond the end of the period are not part of it; where no end is told, all are.
  const times = timesOf(said, place, isEven && place.seconds === undefined ? urls.length : undefined)
  const count = Math.min(urls.length, times?.count ?? urls.length)
  const pieces = (): readonly Piece[] => {
    const lengths = times?.runs.flatMap((run) => Array.from({ length: run.count }, () => Number(run.duration)))
    const made = urls.slice(0, count).map((element, index) => ({
      url: address(element.attributes.get('media') ?? place.base.href, place.base).href,
      range: rangeOf(element.attributes.get('mediaRange')),
      seconds: lengths ? (lengths[index] ?? 0) / said.timescale : (place.seconds ?? 0) / count,
    }))
    return trimmed(made, place.seconds, isEven)
  }
  return { ...common(said, place), init: initializationOf(said, place.base), count, pieces }
}

function fromTemplate(said: Said, representation: Element, place: Place): Span {
  const media = said.attribute('media')
  if (media === undefined) throw malformed('a template of it has no addresses')
  const known = {
    RepresentationID: representation.attributes.get('id') ?? '',
    Bandwidth: representation.attributes.get('bandwidth') ?? '0',
  }
  const header = said.attribute('initialization')
  const first = units(said.attribute('startNumber'), 'startNumber') ?? 1n
  const last = units(said.attribute('endNumber'), 'endNumber')
  const times = timesOf(said, place, last === undefined ? undefined : Number(last - first) + 1)
  const { runs, count } = times ?? { runs: [{ ...whole(said, place), count: 1 }], count: 1 }
  if (count > 1 && !/\$(Number|Time)(%0\d+[diu])?\$/.test(media)) throw malformed('all segments of it have one address')
  // The first shows that the template is sound, before somebody has chosen it.
  address(filled(media, { ...known, Number: '1', Time: '0' }), place.base)
  const pieces = (): readonly Piece[] => {
    const made: Piece[] = []
    for (const { start, duration, count } of runs) {
      for (let index = 0; index < count; index += 1) {
        const values = { Number: String(first + BigInt(made.length)), Time: String(start + duration * BigInt(index)) }
        const url = address(filled(media, { ...known, ...values }), place.base).href
        made.push({ url, seconds: Number(duration) / said.timescale })
      }
    }
    return trimmed(made, place.seconds, said.child('SegmentTimeline') === undefined)
  }
  const init =
    header === undefined
      ? initializationOf(said, place.base)
      : { url: address(filled(header, known), place.base).href, range: undefined }
  return { ...common(said, place), init, count, pieces }
}

/** Lengths of all segments. */
interface Times {
  readonly runs: readonly Run[]
  readonly count: number
}

/** So many segments of one length, in units of the timescale. */
interface Run {
  readonly start: bigint
  readonly duration: bigint
  readonly count: number
}

/** Lengths of the segments: from a SegmentTimeline or one duration for all; undefined when neither is there. */
function timesOf(said: Said, place: Place, most: number | undefined): Times | undefined {
  const timeline = said.child('SegmentTimeline')
  if (timeline !== undefined) {
    const read = place.timelines.get(timeline) ?? new Map<string, Times>()
    place.timelines.set(timeline, read)
    const key = `${said.timescale} ${said.offset} ${most}`
    const times = read.get(key) ?? timelineOf(timeline, said, place, most)
    read.set(key, times)
    return times
  }
  const duration = units(said.attribute('duration'), 'duration')
  if (duration === undefined) return undefined
  if (duration === 0n) throw malformed('segments of it have no length')
  if (most === undefined && place.seconds === undefined) throw malformed('it does not say how long it is')
  // A thousandth less: manifests round their durations, and a segment that is not there fails the whole.
  const count = most ?? Math.ceil((((place.seconds ?? 0) - 0.001) * said.timescale) / Number(duration))
  const run = { start: said.offset, duration, count: Math.max(1, checked(count)) }
  return { runs: [run], count: run.count }
}

function timelineOf(timeline: Element, said: Said, place: Place, most: number | undefined): Times {
  const runs: Run[] = []
  let at = 0n
  let left = most ?? Number.POSITIVE_INFINITY
  const entries = childrenOf(timeline, 'S')
  for (const [index, entry] of entries.entries()) {
    const start = units(entry.attributes.get('t'), 't') ?? at
    const duration = units(entry.attributes.get('d'), 'd') ?? 0n
    if (duration === 0n) throw malformed('a segment of it has no length')
    const repeats = Number(entry.attributes.get('r') ?? 0)
    if (!Number.isSafeInteger(repeats)) throw malformed('a segment of it is repeated without number')
    const until = repeats < 0 ? endOf(entries[index + 1], said, place) : undefined
    const wanted = until === undefined ? repeats + 1 : Math.max(1, Math.ceil(Number(until - start) / Number(duration)))
    const count = Math.min(checked(wanted), left)
    if (count > 0) runs.push({ start, duration, count })
    left -= count
    at = start + duration * BigInt(count)
  }
  if (runs.length === 0) throw malformed('a timeline of it is empty')
  return { runs, count: checked(runs.reduce((sum, run) => sum + run.count, 0)) }
}

/** Where segments that are repeated "until the end" (`r` below zero) end. */
function endOf(next: Element | undefined, said: Said, place: Place): bigint {
  const told = next && units(next.attributes.get('t'), 't')
  if (told !== undefined) return told
  if (next !== undefined || place.seconds === undefined) throw malformed('it does not say where a run of segments ends')
  return said.offset + BigInt(Math.round((place.seconds - 0.001) * said.timescale))
}

/** One segment for the whole period. */
function whole(said: Said, place: Place): { start: bigint; duration: bigint } {
  return { start: said.offset, duration: BigInt(Math.round((place.seconds ?? 0) * said.timescale)) }
}

/** With one length for all, the last one ends with the period. */
function trimmed(pieces: Piece[], seconds: number | undefined, isEven: boolean): readonly Piece[] {
  const last = pieces.at(-1)
  if (!isEven || seconds === undefined || last === undefined) return pieces
  const before = pieces.slice(0, -1).reduce((sum, piece) => sum + piece.seconds, 0)
  const rest = Math.min(last.seconds, seconds - before)
  return rest > 0 ? [...pieces.slice(0, -1), { ...last, seconds: rest }] : pieces
}

function common(said: Said, place: Place): Pick<Span, 'startSeconds' | 'offsetSeconds' | 'seconds'> {
  const offsetSeconds = Number(said.offset) / said.timescale
  return { startSeconds: place.start, offsetSeconds, seconds: place.seconds }
}

function initializationOf(said: Said, base: URL): Span['init'] {
  const tag = said.child('Initialization')
  if (tag === undefined) return undefined
  const source = tag.attributes.get('sourceURL')
  const url = source === undefined ? base : address(source, base)
  return { url: url.href, range: rangeOf(tag.attributes.get('range')) }
}

function rangeOf(text: string | undefined): ByteRange | undefined {
  if (text === undefined) return undefined
  const match = /^\s*(\d{1,15})-(\d{1,15})\s*$/.exec(text)
  const [from, to] = [Number(match?.[1]), Number(match?.[2])]
  if (match === null || to < from) throw malformed(`${JSON.stringify(text.slice(0, 40))} is no range of bytes`)
  return { from, bytes: to - from + 1 }
}

function checked(count: number): number {
  if (!(count <= mostSegments)) throw malformed(`it has more than ${mostSegments} segments`)
  return count
}

/** `$Number%05d$` and its like (ISO/IEC 23009-1, section 5.3.9.4.4). */
function filled(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\$([^$]*)\$/g, (all, inside: string) => {
    if (inside === '') return '$'
    const { name = '', width = '0' } = /^(?<name>\w+)(?:%0(?<width>\d{1,2})[diu])?$/.exec(inside)?.groups ?? {}
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    if (value === undefined) throw malformed(`the address ${JSON.stringify(all.slice(0, 40))} is not supported`)
    return value.padStart(Number(width), '0')
  })
}

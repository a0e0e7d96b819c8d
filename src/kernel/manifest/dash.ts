import { Fault } from '@jackdaw/contract/faults.ts'
import { join, type PeriodTracks } from './dash-join.ts'
import { protectionOf } from './dash-protection.ts'
import type { Representation } from './dash-representation.ts'
import { addressesOf, type Timelines } from './dash-segments.ts'
import { amount, baseOf, momentOf, ratio, secondsOf } from './dash-values.ts'
import { childOf, childrenOf, malformed, readXml, type Element } from './xml.ts'

export interface DashManifest {
  readonly title?: string | undefined
  readonly seconds?: number | undefined
  readonly representations: readonly Representation[]
}

/** 32 MiB: a day in two-second segments, each with a time of its own, has 5 MB for each of six qualities. */
export const mostCharacters = 32 * 2 ** 20
const mostElements = 400_000
const mostPeriods = 5_000
/** In one period, and in all. */
const mostRepresentations = 500
const mostRepresentationsInAll = 20_000

/**
 * An MPD of MPEG-DASH (ISO/IEC 23009-1) that is complete ("static", or live and over at `now`, in milliseconds).
 * Segments are counted here and made when they are asked for. Throws `source.malformed`, and `source.not-yet` for a live
 * stream that goes on.
 */
export function readMpd(text: string, url: URL, now: number): DashManifest {
  const mpd = readXml(text, { characters: mostCharacters, elements: mostElements }, elements)
  if (mpd.name !== 'MPD') throw malformed('it is XML, but no DASH manifest')
  refuseLive(mpd, now)
  const seconds = secondsOf(mpd.attributes.get('mediaPresentationDuration'))
  const base = baseOf(mpd, url)
  const periods = periodsOf(mpd, seconds)
  const sets = periods.flatMap(({ element }) => childrenOf(element, 'AdaptationSet'))
  const inAll = sets.reduce((sum, set) => sum + childrenOf(set, 'Representation').length, 0)
  if (inAll > mostRepresentationsInAll) throw malformed(`it has more than ${mostRepresentationsInAll} representations`)
  const tracks = periods.map((period) => tracksOf(period, baseOf(period.element, base)))
  const joined = join(tracks)
  if (joined.length === 0) throw malformed('it lists no picture and no sound that can be fetched')
  const last = periods.at(-1)
  const information = childOf(mpd, 'ProgramInformation')
  return {
    title: (information && childOf(information, 'Title'))?.text.trim().slice(0, 500) || undefined,
    seconds: seconds ?? (last?.seconds === undefined ? undefined : last.start + last.seconds),
    representations: joined,
  }
}

/** Everything else is dropped while reading. */
const elements: ReadonlySet<string> = new Set(
  (
    'MPD ProgramInformation Title BaseURL Period AdaptationSet Representation ContentProtection Role Accessibility ' +
    'EssentialProperty Label SegmentBase SegmentList SegmentTemplate SegmentTimeline S SegmentURL Initialization'
  ).split(' '),
)

interface Period {
  readonly element: Element
  readonly start: number
  readonly seconds: number | undefined
}

function refuseLive(mpd: Element, now: number): void {
  if (mpd.attributes.get('type') !== 'dynamic') return
  const seconds = secondsOf(mpd.attributes.get('mediaPresentationDuration'))
  const began = momentOf(mpd.attributes.get('availabilityStartTime'))
  const ended = began !== undefined && seconds !== undefined && began + seconds * 1000 <= now
  // Without this attribute the manifest does not change any more.
  if (ended && !mpd.attributes.has('minimumUpdatePeriod')) return
  throw new Fault('source.not-yet', { reason: 'it is a live DASH stream, which can be had once it is over' })
}

/** Where each period begins and how long it is, as far as that is said (ISO/IEC 23009-1, section 5.3.2.1). */
function periodsOf(mpd: Element, whole: number | undefined): readonly Period[] {
  const found = childrenOf(mpd, 'Period')
  if (found.length === 0) throw malformed('it has no period')
  if (found.length > mostPeriods) throw malformed(`it has more than ${mostPeriods} periods`)
  if (found.some((period) => period.attributes.has('href'))) {
    throw malformed('a period of it lies in another document (XLink), which is not supported')
  }
  const starts: number[] = []
  for (const [index, element] of found.entries()) {
    const before = found[index - 1]
    const length = secondsOf(before?.attributes.get('duration'))
    const follows = before === undefined ? 0 : length === undefined ? undefined : (starts[index - 1] ?? 0) + length
    const start = secondsOf(element.attributes.get('start')) ?? follows
    if (start === undefined) throw malformed(`it does not say when period ${index + 1} begins`)
    starts.push(start)
  }
  return found.map((element, index) => {
    const start = starts[index] ?? 0
    const end = starts[index + 1] ?? whole
    const seconds = secondsOf(element.attributes.get('duration')) ?? (end === undefined ? undefined : end - start)
    if (seconds !== undefined && seconds < 0) throw malformed(`period ${index + 1} of it ends before it begins`)
    return { element, start, seconds }
  })
}

function tracksOf(period: Period, base: URL): PeriodTracks {
  const sets = childrenOf(period.element, 'AdaptationSet').filter(isForPeople)
  const timelines: Timelines = new WeakMap()
  const all = sets.flatMap((set, at) =>
    childrenOf(set, 'Representation').map((element, index) => ({ set, element, number: `${at}.${index}` })),
  )
  if (all.length > mostRepresentations)
    throw malformed(`a period of it has more than ${mostRepresentations} representations`)
  const ids = all.map(({ element }) => element.attributes.get('id') ?? '')
  const usable = new Set(ids).size === ids.length && ids.every((id) => /^[\w.:=-]{1,60}$/.test(id))
  const found = all.map(({ set, element, number }) => {
    const said = (name: string) => element.attributes.get(name) ?? set.attributes.get(name)
    const type = (said('mimeType') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
    const codecs = said('codecs')?.trim().slice(0, 200) ?? ''
    const kind = kindOf(type, codecs, said('contentType') ?? '')
    if (kind === undefined) return undefined
    const address = baseOf(element, baseOf(set, base))
    return {
      id: usable ? (element.attributes.get('id') ?? number) : number,
      kind,
      type,
      codecs,
      bandwidth: amount(said('bandwidth')) ?? 0,
      width: amount(said('width')),
      height: amount(said('height')),
      framesPerSecond: ratio(said('frameRate')),
      language: languageOf(said('lang')),
      label: childOf(set, 'Label')?.text.trim().slice(0, 100) || undefined,
      isMain: isMain(set),
      protection: protectionOf([period.element, set, element]),
      span: addressesOf([period.element, set, element], { base: address, timelines, ...period }),
    }
  })
  return { seconds: period.seconds, tracks: found.filter((track) => track !== undefined) }
}

/** Pictures for winding forward are sets of their own; players pass over sets whose essential properties they do not know. */
function isForPeople(set: Element): boolean {
  return !childrenOf(set, 'EssentialProperty').some((property) =>
    /trickmode|thumbnail_tile/.test(property.attributes.get('schemeIdUri') ?? ''),
  )
}

function isMain(set: Element): boolean {
  const roles = childrenOf(set, 'Role').map((role) => role.attributes.get('value'))
  return childOf(set, 'Accessibility') === undefined && (roles.length === 0 || roles.includes('main'))
}

function kindOf(type: string, codecs: string, said: string): Representation['kind'] | undefined {
  if (/^(stpp|wvtt)/.test(codecs) || type.startsWith('text/') || type === 'application/ttml+xml') return 'subtitle'
  const kind = type === 'application/mp4' ? said : type.split('/')[0] || said
  if (kind === 'text') return 'subtitle'
  return kind === 'video' || kind === 'audio' ? kind : undefined
}

/** As BCP 47 has it: manifests like three letters where two are right (`deu`). */
function languageOf(said: string | undefined): string | undefined {
  const tag = said?.trim().replaceAll('_', '-') ?? ''
  if (!/^[a-z]{2,8}(-[a-z0-9]{1,8})*$/i.test(tag) || tag.length > 40 || tag === 'und') return undefined
  try {
    return Intl.getCanonicalLocales(tag)[0]
  } catch {
    return tag // well-formed enough to be chosen by
  }
}

import { isFault } from '@jackdaw/contract/faults.ts'
import { readMpd } from '#kernel/manifest/dash.ts'
import { parseHls } from '#kernel/manifest/hls.ts'
import { collections, type Collection } from '#test/fakes/public-manifests.ts'
import { code, page, table } from './markdown.ts'

/** What is made of a feature: it is used; it changes nothing for a file that is fetched; it is refused with a reason. */
type Support = 'yes' | 'passed over' | 'no'

interface Feature {
  readonly name: string
  readonly seen: RegExp
  readonly support: Support
  readonly note?: string
}

const ofDash: readonly Feature[] = [
  { name: 'SegmentTemplate, `$Number$` and a duration', seen: /<SegmentTemplate[^>]*\sduration=/, support: 'yes' },
  {
    name: 'SegmentTemplate, SegmentTimeline',
    seen: /<SegmentTimeline/,
    support: 'yes',
    note: '`$Number$` and `$Time$`, above 2^53 as well',
  },
  { name: 'SegmentList', seen: /<SegmentList/, support: 'yes', note: 'addresses and byte ranges' },
  { name: 'SegmentBase', seen: /<SegmentBase/, support: 'yes', note: 'by its `sidx`; without one in ranges of 8 MiB' },
  {
    name: 'Several periods',
    seen: /<Period[\s\S]*<Period/,
    support: 'yes',
    note: 'joined where container and codec agree',
  },
  { name: 'BaseURL at any level', seen: /<BaseURL/, support: 'yes', note: 'of several, which are mirrors, the first' },
  { name: 'WebM', seen: /(?:video|audio)\/webm/, support: 'yes' },
  { name: 'WebVTT subtitles', seen: /text\/vtt/, support: 'yes' },
  { name: 'Subtitles inside MP4 (stpp, wvtt)', seen: /codecs="(?:stpp|wvtt)/, support: 'no' },
  {
    name: 'Common encryption (CENC, CBCS)',
    seen: /<ContentProtection/,
    support: 'yes',
    note: 'with keys that you give; no licence server is asked',
  },
  {
    name: 'Captions in the picture (CEA-608, 708)',
    seen: /cea-[67]08/,
    support: 'passed over',
    note: 'they stay where they are',
  },
  { name: 'Quality ranking', seen: /qualityRanking/i, support: 'passed over', note: 'lines and bitrate decide' },
  { name: 'Location, content steering', seen: /<(?:Location|ContentSteering)/, support: 'passed over' },
  { name: 'Live (`type="dynamic"`)', seen: /type="dynamic"/, support: 'no', note: 'taken once it is over' },
  { name: 'Periods in other documents (XLink)', seen: /xlink:href/, support: 'no' },
]

const ofHls: readonly Feature[] = [
  { name: 'Variants', seen: /#EXT-X-STREAM-INF/, support: 'yes' },
  { name: 'Sound and subtitles beside the picture', seen: /#EXT-X-MEDIA:/, support: 'yes' },
  {
    name: 'AES-128',
    seen: /METHOD=AES-128/,
    support: 'yes',
    note: 'with the key that the playlist names, or with yours',
  },
  { name: 'SAMPLE-AES, SAMPLE-AES-CTR', seen: /METHOD=SAMPLE-AES/, support: 'no' },
  { name: 'Byte ranges', seen: /#EXT-X-BYTERANGE/, support: 'yes' },
  { name: 'Fragmented MP4 (EXT-X-MAP)', seen: /#EXT-X-MAP/, support: 'yes' },
  { name: 'Discontinuities', seen: /#EXT-X-DISCONTINUITY\b(?!-)/, support: 'yes' },
  { name: 'Gaps', seen: /#EXT-X-GAP/, support: 'yes' },
  { name: 'Variables (EXT-X-DEFINE)', seen: /#EXT-X-DEFINE/, support: 'yes' },
  {
    name: 'Live',
    seen: /^(?=[\s\S]*#EXTINF)(?![\s\S]*#EXT-X-ENDLIST)/,
    support: 'yes',
    note: 'recorded; goes on after a gap',
  },
  {
    name: 'Low latency (parts, preload hints)',
    seen: /#EXT-X-(?:PART|PRELOAD-HINT|SERVER-CONTROL)/,
    support: 'passed over',
    note: 'whole segments are taken',
  },
  { name: 'Delta updates (EXT-X-SKIP)', seen: /#EXT-X-SKIP/, support: 'passed over', note: 'they are never asked for' },
  { name: 'Lists of key frames', seen: /#EXT-X-I-FRAME/, support: 'passed over' },
  { name: 'Dates, cues of advertising', seen: /#EXT-X-(?:PROGRAM-DATE-TIME|DATERANGE|CUE)/, support: 'passed over' },
]

/** Fixed, so that a live manifest of the past stays one. */
const now = Date.UTC(2030, 0)
const from = new URL('https://media.example/show/manifest')

/** What is made of the manifests of streams that npm packages ship. */
export function manifestsPage(): string {
  const all = collections()
  return page(
    'Manifests of streams',
    'What is understood of MPEG-DASH (ISO/IEC 23009-1) and HLS (RFC 8216), and what becomes of the public manifests that ' +
      'these packages ship for the tests of players and packagers: ' +
      `${all.map(({ name, version, license }) => `${code(`${name} ${version}`)} (${license})`).join(', ')}. ` +
      '"Passed over" changes nothing for a file that is fetched.',
    features('MPEG-DASH', ofDash, all, '.mpd'),
    features('HLS', ofHls, all, '.m3u8'),
    ...all.map(results),
  )
}

function features(title: string, list: readonly Feature[], all: readonly Collection[], extension: string): string {
  const texts = all.flatMap(({ manifests }) => manifests.filter(({ path }) => path.endsWith(extension)))
  const rows = list.map(({ name, seen, support, note = '' }) => {
    const count = texts.filter(({ text }) => seen.test(text)).length
    return [name, support, note, count === 0 ? '' : String(count)]
  })
  return `## ${title}\n\n${table(['feature', 'supported', '', 'manifests below'], rows)}`
}

function results({ name, manifests }: Collection): string {
  const rows = manifests.map(({ path, text }) => [code(path), resultOf(path, text)])
  const read = rows.filter(([, result]) => !result?.startsWith('no:')).length
  return `## ${name}\n\n${read} of ${rows.length} are read.\n\n${table(['manifest', 'result'], rows)}`
}

function resultOf(path: string, text: string): string {
  try {
    return path.endsWith('.mpd') ? ofMpd(text) : ofPlaylist(text)
  } catch (thrown) {
    if (!isFault(thrown)) throw thrown
    return `no: ${thrown.code}, ${String(thrown.facts['reason'])}`
  }
}

function ofMpd(text: string): string {
  const { representations, seconds } = readMpd(text, from, now)
  const kinds = (['video', 'audio', 'subtitle'] as const).map((kind) => {
    const count = representations.filter((one) => one.kind === kind).length
    return count === 0 ? '' : `${count} ${kind}`
  })
  const segments = representations.flatMap(({ spans }) => spans).reduce((sum, { count }) => sum + count, 0)
  const periods = representations[0]?.spans.length ?? 1
  const locked = representations.some(({ protection }) => protection !== undefined)
  return [
    ...kinds,
    `${segments} ${segments === 1 ? 'segment' : 'segments'}`,
    periods > 1 ? `${periods} periods` : '',
    seconds === undefined ? '' : `${Math.round(seconds)} s`,
    locked ? 'needs keys' : '',
  ]
    .filter((part) => part !== '')
    .join(', ')
}

function ofPlaylist(text: string): string {
  const list = parseHls(text, from)
  if (list.kind === 'master') {
    const beside = list.renditions.length
    return `${list.variants.length} variants${beside === 0 ? '' : `, ${beside} beside them`}`
  }
  return `${list.segments.length} segments, ${Math.round(list.seconds)} s${list.isEnded ? '' : ', live'}`
}

import { Parser } from 'm3u8-parser'
import { Fault } from '@jackdaw/contract/faults.ts'
import { attributesOf, forLibrary, type Attributes } from './hls-lines.ts'

/** One way to have the whole (RFC 8216, 4.3.4.2). */
export interface Variant {
  readonly url: string
  /** Bits per second; the average where the playlist tells it. */
  readonly bandwidth: number
  readonly width?: number
  readonly height?: number
  readonly framesPerSecond?: number
  /** RFC 6381. */
  readonly codecs: readonly string[]
  /** Groups of renditions that go with it. */
  readonly audio?: string
  readonly subtitles?: string
}

/** Sound or subtitles beside the picture (RFC 8216, 4.3.4.1). Sound without `url` is inside the variants. */
export interface Rendition {
  readonly kind: 'audio' | 'subtitles'
  readonly group: string
  readonly name: string
  readonly language?: string
  readonly isDefault: boolean
  readonly url?: string
}

export interface Master {
  readonly kind: 'master'
  readonly variants: readonly Variant[]
  readonly renditions: readonly Rendition[]
  /** Variables that media playlists may import (EXT-X-DEFINE). */
  readonly definitions: Readonly<Record<string, string>>
}

export interface HlsRange {
  readonly from: number
  readonly bytes: number
}
export interface HlsKey {
  readonly url: string
  /** 32 hex digits. */
  readonly iv: string
}
export interface HlsInit {
  readonly url: string
  readonly range?: HlsRange
  readonly key?: HlsKey
}
export interface HlsSegment {
  readonly url: string
  readonly range?: HlsRange
  readonly seconds: number
  readonly init?: HlsInit
  readonly key?: HlsKey
  readonly discontinuity?: boolean
  readonly gap?: boolean
  /** Media sequence number (4.3.3.2). */
  readonly sequence: number
}

export interface MediaPlaylist {
  readonly kind: 'media'
  readonly segments: readonly HlsSegment[]
  /** Longest segment; a live playlist is asked again after about this time. */
  readonly targetSeconds: number
  /** Of all segments together, gaps excepted. */
  readonly seconds: number
  /** Nothing will be added: not live. */
  readonly isEnded: boolean
  /** Number of discontinuities before the first segment. */
  readonly discontinuities: number
}

/** A day of segments of half a second is 172,800. */
const mostSegments = 200_000
const mostVariants = 500

/**
 * Reads a playlist (RFC 8216) of at most 32 MiB. `url` is where it came from, after redirects: all addresses come out
 * absolute, and only http and https are taken. `definitions` are those of the master that led here.
 *
 * Faults: `source.malformed`, `source.protected` for any encryption but AES-128 with a plain key.
 */
export function parseHls(
  text: string,
  url: URL,
  definitions: Readonly<Record<string, string>> = {},
): Master | MediaPlaylist {
  const { lines, media, isMaster, segments } = forLibrary(text)
  if (segments > mostSegments)
    throw new Fault('source.malformed', { reason: `it lists more than ${mostSegments} segments` })
  if (isMaster && segments > mostVariants) throw new Fault('source.malformed', { reason: 'it lists too many variants' })
  const { manifest, gaps } = read(lines, url, definitions)
  return isMaster ? masterOf(manifest, media, url) : mediaOf(manifest, gaps, url)
}

/** What we read of the library's manifest; its published types promise what it does not always keep. */
interface Manifest {
  readonly playlists?: readonly { readonly uri?: string; readonly attributes?: Readonly<Record<string, unknown>> }[]
  readonly segments?: readonly Entry[]
  readonly definitions?: Readonly<Record<string, string>>
  readonly mediaSequence?: number
  readonly targetDuration?: number
  readonly discontinuitySequence?: number
  readonly endList?: boolean
}
interface Entry {
  readonly uri?: string
  readonly duration?: number
  readonly byterange?: { readonly length?: number; readonly offset?: number }
  readonly key?: { readonly uri: string; readonly iv?: Uint32Array }
  readonly map?: { readonly uri?: string; readonly byterange?: Entry['byterange']; readonly key?: Entry['key'] }
  readonly discontinuity?: boolean
  readonly custom?: { readonly gap?: number }
}

function read(
  lines: readonly string[],
  url: URL,
  definitions: Readonly<Record<string, string>>,
): { manifest: Manifest; gaps: boolean } {
  let gaps = false
  const failures: string[] = []
  // Without a prototype: the library looks names up that come from the playlist.
  const imported = Object.assign(Object.create(null) as Record<string, string>, definitions)
  const parser = new Parser({ uri: url.href, mainDefinitions: imported })
  // The library has no EXT-X-GAP (RFC 8216bis, 4.4.4.7).
  parser.addParser({
    expression: /^#EXT-X-GAP/,
    customType: 'gap',
    segment: true,
    dataParser: () => Number((gaps = true)),
  })
  parser.on('error', ({ message }: { message?: string }) => void failures.push(message ?? 'unknown'))
  try {
    parser.push(`${lines.join('\n')}\n`)
    parser.end()
  } catch (cause) {
    throw new Fault('source.malformed', { reason: 'the playlist does not keep to RFC 8216' }, { cause })
  }
  if (failures[0] !== undefined) throw new Fault('source.malformed', { reason: failures[0].slice(0, 200) })
  return { manifest: parser.manifest as unknown as Manifest, gaps } // see Manifest
}

function masterOf(manifest: Manifest, media: readonly string[], url: URL): Master {
  const definitions = { ...manifest.definitions }
  const variants = (manifest.playlists ?? []).flatMap(({ uri, attributes = {} }): Variant[] => {
    if (uri === undefined) return []
    const size = attributes['RESOLUTION'] as { width?: number; height?: number } | undefined // as the library makes it
    const [width, height] = [whole(size?.width), whole(size?.height)]
    const rate = Number(attributes['FRAME-RATE'])
    const [audio, subtitles] = [text(attributes['AUDIO']), text(attributes['SUBTITLES'])]
    return [
      {
        url: absolute(uri, url),
        bandwidth: speedOf(attributes['AVERAGE-BANDWIDTH']) || speedOf(attributes['BANDWIDTH']),
        ...(width !== undefined && { width }),
        ...(height !== undefined && { height }),
        ...(rate > 0 && Number.isFinite(rate) && { framesPerSecond: rate }),
        codecs: (text(attributes['CODECS']) ?? '')
          .split(',')
          .map((codec) => codec.trim())
          .filter((codec) => codec !== ''),
        ...(audio !== undefined && { audio }),
        ...(subtitles !== undefined && { subtitles }),
      },
    ]
  })
  if (variants.length === 0) throw new Fault('source.malformed', { reason: 'it lists no variants' })
  const renditions = media.flatMap((line) => renditionOf(attributesOf(line, definitions), url))
  return { kind: 'master', variants, renditions, definitions }
}

function renditionOf(attributes: Attributes, url: URL): Rendition[] {
  const kind = { AUDIO: 'audio', SUBTITLES: 'subtitles' }[attributes.get('TYPE') ?? ''] as Rendition['kind'] | undefined
  const [group, name, uri] = [attributes.get('GROUP-ID'), attributes.get('NAME'), attributes.get('URI')]
  if (kind === undefined || group === undefined) return []
  const language = attributes.get('LANGUAGE')
  return [
    {
      kind,
      group,
      name: name ?? '',
      ...(language !== undefined && /^[a-z0-9-]{1,35}$/i.test(language) && { language }),
      isDefault: /^yes$/i.test(attributes.get('DEFAULT') ?? ''),
      ...(uri !== undefined && uri !== '' && { url: absolute(uri, url) }),
    },
  ]
}

function mediaOf(manifest: Manifest, gaps: boolean, url: URL): MediaPlaylist {
  const first = Math.max(0, manifest.mediaSequence ?? 0)
  // One object for each init and key, however many segments share it.
  const inits = new Map<Entry['map'], HlsInit>()
  const segments = (manifest.segments ?? []).flatMap((entry, index): HlsSegment[] => {
    if (entry.uri === undefined) return []
    const sequence = first + index
    const range = rangeOf(entry.byterange)
    let init = inits.get(entry.map)
    if (init === undefined && entry.map?.uri !== undefined) {
      init = initOf(entry.map, sequence, url)
      inits.set(entry.map, init)
    }
    return [
      {
        url: absolute(entry.uri, url),
        seconds: secondsOf(entry.duration),
        sequence,
        ...(range && { range }),
        ...(init && { init }),
        ...(entry.key && { key: keyOf(entry.key, sequence, url) }),
        ...(entry.discontinuity === true && { discontinuity: true }),
        ...(gaps && entry.custom?.gap === 1 && { gap: true }),
      },
    ]
  })
  return {
    kind: 'media',
    segments,
    targetSeconds:
      secondsOf(manifest.targetDuration) || Math.max(1, ...segments.slice(0, 10).map((one) => one.seconds)),
    seconds: segments.reduce((sum, { seconds, gap }) => (gap === true ? sum : sum + seconds), 0),
    isEnded: manifest.endList === true,
    discontinuities: Math.max(0, manifest.discontinuitySequence ?? 0),
  }
}

function initOf(map: NonNullable<Entry['map']>, sequence: number, url: URL): HlsInit {
  const range = rangeOf(map.byterange)
  return {
    url: absolute(map.uri ?? '', url),
    ...(range && { range }),
    ...(map.key && { key: keyOf(map.key, sequence, url) }),
  }
}

/** Without an IV, the media sequence number is it (RFC 8216, 5.2). */
function keyOf(key: NonNullable<Entry['key']>, sequence: number, url: URL): HlsKey {
  const iv = key.iv
    ? [...key.iv].map((word) => word.toString(16).padStart(8, '0')).join('')
    : sequence.toString(16).padStart(32, '0')
  return { url: absolute(key.uri, url), iv }
}

function rangeOf(byterange: Entry['byterange']): HlsRange | undefined {
  if (byterange === undefined) return undefined
  const { length = Number.NaN, offset = 0 } = byterange
  if (!Number.isSafeInteger(length) || !Number.isSafeInteger(offset + length) || length < 1 || offset < 0) {
    throw new Fault('source.malformed', { reason: 'a byte range is not one' })
  }
  return { from: offset, bytes: length }
}

function absolute(uri: string, base: URL): string {
  const url = URL.parse(uri, base)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.href.length > 8192) {
    throw new Fault('source.malformed', { reason: 'it names an address that is not of the web' })
  }
  return url.href
}

function secondsOf(value: number | undefined): number {
  return value !== undefined && value > 0 && value < 1e6 ? value : 0
}

/** Bits per second; 0 where nothing sensible is said. Nobody streams 100 Gbit/s. */
function speedOf(value: unknown): number {
  const speed = Number(value)
  return speed > 0 && speed < 1e11 ? speed : 0
}

function whole(value: number | undefined): number | undefined {
  return value !== undefined && Number.isSafeInteger(value) && value > 0 && value < 100_000 ? value : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

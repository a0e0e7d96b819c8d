import type { Part, Role } from '@jackdaw/contract/nouns/media.ts'
import type { JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { safeName } from '#kernel/names.ts'
import type { Format } from './info.ts'

/** What every part of one answer shares. */
export interface PartOf {
  /** What was asked for, without secrets. */
  readonly link: string
  /** Name without extension. */
  readonly stem: string
  readonly secrets: JobSecrets
  /** ISO time, when the addresses were made for us. */
  readonly givenAt: string | undefined
}

/** Whatever brings the bytes: our own transports where the address is all that is needed, else yt-dlp itself. */
export function partOf(format: Format, of: PartOf): Part {
  const url = URL.parse(format.url)
  const extension = extensionOf(format.ext)
  const type = extension === undefined ? undefined : types[extension]
  const bytes = whole(format.filesize)
  const about = {
    name: nameOf(of.stem, extension),
    ...(type !== undefined && { type: isSound(format) ? type.replace('video/', 'audio/') : type }),
    ...(bytes !== undefined && { bytes }),
    ...(format.language && { language: format.language.slice(0, 40) }),
  }
  const own = url && ownTransport(format, url, of)
  if (url && own) {
    return { transport: own.transport, ...about, site: url.hostname, ...given(of), request: own.request }
  }
  const site = new URL(of.link).hostname
  return { transport: 'ytdlp', ...about, site, request: { link: of.link, format: format.format_id } }
}

/** A subtitle or a picture; undefined when its address is none. */
export function sidePart(
  file: { readonly url?: string | null | undefined; readonly headers?: Format['http_headers'] | undefined },
  as: { readonly role: Role; readonly extension: string; readonly language?: string },
  of: PartOf,
): Part | undefined {
  const url = URL.parse(file.url ?? '')
  if (url === null || !isWeb(url)) return undefined
  const type = types[as.extension]
  return {
    transport: 'http',
    name: nameOf(of.stem, as.language === undefined ? as.extension : `${safeName(as.language)}.${as.extension}`),
    ...(type !== undefined && { type }),
    site: url.hostname,
    role: as.role,
    ...(as.language !== undefined && { language: as.language }),
    ...given(of),
    request: { url: url.href, home: of.link, ...headersOf(file.headers, of) },
  }
}

function ownTransport(format: Format, url: URL, of: PartOf): Pick<Part, 'transport' | 'request'> | undefined {
  const { protocol, http_headers: headers, cookies, fragments, downloader_options: how } = format
  if (!isWeb(url) || fragments || format.hls_aes || format.extra_param_to_segment_url) return undefined
  const cookie = cookieOf(cookies ?? headerOf(headers, 'cookie'))
  // Parts are stored in the clear. What a site gives to strangers may be; what it gives to somebody signed in may not.
  const { cookies: own, user, password, headers: given } = of.secrets
  const isOwn = [own, user, password, given].some((secret) => secret !== undefined)
  if ((cookie !== undefined && isOwn) || headerOf(headers, 'authorization') !== undefined) return undefined
  // yt-dlp gives the person's own headers back. Our transports send those home by themselves, and nowhere else.
  const isElsewhere = url.origin !== new URL(of.link).origin
  if (isElsewhere && Object.values(headers ?? {}).some((value) => isGiven(value, of))) return undefined
  const request = { url: url.href, home: of.link, ...headersOf(headers, of, cookie) }
  if (protocol === 'http' || protocol === 'https') {
    const bytes = whole(format.filesize)
    const chunkBytes = whole(how?.http_chunk_size)
    const from = format.available_at
    return {
      transport: 'http',
      request: {
        ...request,
        ...(bytes !== undefined && { validators: { bytes } }),
        ...(chunkBytes !== undefined && { chunkBytes }),
        ...(from && Math.abs(from) < latest && { notBefore: new Date(from * 1000).toISOString() }),
      },
    }
  }
  if (protocol !== 'm3u8' && protocol !== 'm3u8_native') return undefined
  // Cookies of a stream would have to go to wherever its playlist leads; the transport sends them to the link's site only.
  if (cookie !== undefined && isElsewhere) return undefined
  const kind = isSound(format) ? 'audio' : format.acodec === 'none' ? 'video' : undefined
  return { transport: 'hls', request: { ...request, ...(kind !== undefined && { kind }) } }
}

/** A moment in seconds; past the year 5000 a site does not mean it. */
const latest = 1e11

/** Headers that a transfer sets by itself, or that are the same for everybody. */
const left = /^(?:accept|accept-encoding|accept-language|sec-fetch-.*|cookie|host|connection|range|content-.*)$/

function isGiven(value: string, { secrets }: PartOf): boolean {
  return Object.values(secrets.headers ?? {}).some((given) => given.trim() === value.trim())
}

/** What the extractor wants to be sent, without what everybody sends and what is sealed with the job. */
function headersOf(headers: Format['http_headers'], of: PartOf, cookie?: string): { headers?: Record<string, string> } {
  const wanted = Object.entries(headers ?? {})
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(
      ([name, value]) =>
        !left.test(name) &&
        !isGiven(value, of) &&
        /^[a-z0-9-]{1,64}$/.test(name) &&
        /^[\x20-\x7e]{1,4096}$/.test(value),
    )
  if (cookie !== undefined) wanted.push(['cookie', cookie])
  return wanted.length === 0 ? {} : { headers: Object.fromEntries(wanted) }
}

function headerOf(headers: Format['http_headers'], name: string): string | undefined {
  return Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1]
}

/** A Cookie header of what yt-dlp lists as `a=1; Domain=.example.org; Path=/; b=2; …`: all are for this address. */
function cookieOf(listed: string | undefined): string | undefined {
  const attributes = /^(?:domain|path|expires|max-age|version|comment|samesite|secure|httponly)$/i
  const pairs = (listed ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.indexOf('=') > 0 && !attributes.test(pair.slice(0, pair.indexOf('=')).trim()))
  const header = pairs.join('; ')
  return header !== '' && /^[\x20-\x7e]{1,4096}$/.test(header) ? header : undefined
}

export function isSound({ vcodec }: Format): boolean {
  return vcodec === 'none'
}

function given({ givenAt }: PartOf): { givenAt?: string } {
  return givenAt === undefined ? {} : { givenAt }
}

function isWeb(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:'
}

function nameOf(stem: string, extension: string | undefined): string {
  return safeName(extension === undefined ? stem : `${stem}.${extension}`)
}

export function extensionOf(ext: string | null | undefined): string | undefined {
  const word = ext?.toLowerCase() ?? ''
  return /^[a-z0-9]{1,8}$/.test(word) && !['unknown', 'none', 'na'].includes(word) && !programs.has(word)
    ? word
    : undefined
}

/** A site that calls its film so wants it to be started. */
const programs = new Set([
  'exe',
  'msi',
  'bat',
  'cmd',
  'com',
  'scr',
  'sh',
  'js',
  'vbs',
  'lnk',
  'html',
  'htm',
  'php',
  'py',
  'jar',
])

function whole(value: number | null | undefined): number | undefined {
  return value !== null && value !== undefined && Number.isSafeInteger(Math.round(value)) && value > 0
    ? Math.round(value)
    : undefined
}

const types: Readonly<Record<string, string>> = {
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  m4a: 'audio/mp4',
  webm: 'video/webm',
  weba: 'audio/webm',
  mkv: 'video/x-matroska',
  mov: 'video/quicktime',
  flv: 'video/x-flv',
  '3gp': 'video/3gpp',
  mp3: 'audio/mpeg',
  aac: 'audio/aac',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  flac: 'audio/flac',
  wav: 'audio/wav',
  vtt: 'text/vtt',
  srt: 'application/x-subrip',
  ttml: 'application/ttml+xml',
  ass: 'text/x-ssa',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
}

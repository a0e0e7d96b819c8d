import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import type { Link } from '@jackdaw/contract/nouns/link.ts'
import type { About, Media, Part } from '@jackdaw/contract/nouns/media.ts'
import { JobOptions, JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { z } from 'zod'
import type { Asking } from '#kernel/http/read.ts'
import { Visitor } from '#kernel/http/visitor.ts'
import { fetchHls } from '#kernel/manifest/fetch.ts'
import type { Master, MediaPlaylist } from '#kernel/manifest/hls.ts'
import { withoutMediaExtension } from '#kernel/media-name.ts'
import { cleanTitle } from '#kernel/title.ts'
import type { Source } from '#pipeline/engine.ts'
import { choicesOf, subtitlesOf, type Place } from './choices.ts'

const Options = JobOptions.extend(JobSecrets.shape)
type Options = z.infer<typeof Options>

const types = [
  'application/vnd.apple.mpegurl',
  'application/x-mpegurl',
  'audio/mpegurl',
  'audio/x-mpegurl',
  'application/mpegurl',
] as const

/** So many variants are looked at before the link is given up. */
const mostLooks = 3

/** As patient as the direct source. */
const patienceMs = 30_000

/** HTTP Live Streaming (RFC 8216): a master's variants are choices; one list of segments is one part. */
export const hls: Source<Options> = {
  name: 'hls',
  title: 'Streams by HLS playlists (.m3u8)',
  tools: [],
  types,
  options: Options,
  checkpoint: z.unknown(),

  claims(link: Link): number {
    const url = link.kind === 'url' ? URL.parse(link.text) : null
    if (url === null || !['http:', 'https:'].includes(url.protocol)) return 0
    return /\.m3u8?$/i.test(url.pathname) ? 0.9 : 0
  },

  async resolve(link, options, run): Promise<Media> {
    const url = link.kind === 'url' ? URL.parse(link.text) : null
    if (url === null || !['http:', 'https:'].includes(url.protocol)) throw new Fault('source.declined')
    const visitor = new Visitor(url, options)
    const asking: Asking = { http: run.http, visitor, signal: run.signal, stallMs: patienceMs }
    const { playlist, url: last } = await firstPlaylist(asking, url)
    const home = withoutCredentials(url)
    const title = cleanTitle((options.name && withoutMediaExtension(options.name)) ?? nameOf(url, last))
    const place: Place = { title, site: last.hostname, home }
    return playlist.kind === 'media' ? ofMedia(playlist, last, place) : await ofMaster(playlist, place, options, asking)
  },
}

/** A playlist of another kind (songs, channels) is not ours, whatever its name says. */
async function firstPlaylist(asking: Asking, url: URL): ReturnType<typeof fetchHls> {
  try {
    return await fetchHls(asking, url.href)
  } catch (thrown) {
    if (isFault(thrown, 'source.malformed') && thrown.facts['isOther'] === true) {
      throw new Fault('source.declined', { reason: 'it is no HLS playlist' }, { cause: thrown })
    }
    throw thrown
  }
}

function ofMedia(playlist: MediaPlaylist, url: URL, { title, site, home }: Place): Media {
  if (playlist.isEnded && playlist.segments.length === 0) {
    throw new Fault('source.no-media', { reason: 'the playlist is empty' })
  }
  const isAudio = /\.(?:aac|mp3|ac3|ec3|m4a)$/i.test(URL.parse(playlist.segments[0]?.url ?? '')?.pathname ?? '')
  const isMp3 = isAudio && /\.mp3$/i.test(URL.parse(playlist.segments[0]?.url ?? '')?.pathname ?? '')
  const extension = isMp3 ? 'mp3' : isAudio ? 'm4a' : 'mp4'
  const part: Part = {
    transport: 'hls',
    name: `${title}.${extension}`,
    site,
    request: { url: url.href, home, ...(isAudio && { kind: 'audio' }) },
  }
  return { title, source: 'hls', about: aboutOf(playlist), parts: [part] }
}

async function ofMaster(master: Master, place: Place, options: Options, asking: Asking): Promise<Media> {
  const playlist = await oneOf(master, asking)
  const about = aboutOf(playlist)
  const choices = choicesOf(master, place, { languages: options.language ?? [], seconds: about.durationSeconds })
  const subtitles = about.isLive === true ? [] : subtitlesOf(master, place)
  return {
    title: place.title,
    source: 'hls',
    about,
    parts: [],
    choices,
    ...(subtitles.length > 0 && { subtitles }),
  }
}

/** The list of one variant, which tells how long all are. A site may have lost some of them. */
async function oneOf(master: Master, asking: Asking): Promise<MediaPlaylist> {
  let first: unknown
  for (const { url } of master.variants.slice(0, mostLooks)) {
    try {
      const { playlist } = await fetchHls(asking, url, master.definitions)
      if (playlist.kind === 'media') return playlist
      throw new Fault('source.malformed', { reason: 'a variant is itself a list of variants' })
    } catch (thrown) {
      first ??= thrown
      if (!isFault(thrown, 'source.gone', 'source.denied', 'source.refused', 'source.broken')) throw thrown
    }
  }
  throw first
}

function aboutOf({ isEnded, seconds }: MediaPlaylist): About {
  return isEnded ? { durationSeconds: seconds } : { isLive: true }
}

/** The file's name without its extension; `master`, `index` and their like say less than the folder does. */
function nameOf(asked: URL, last: URL): string {
  const names = [asked, last].flatMap((url) =>
    url.pathname
      .split('/')
      .filter((part) => part !== '')
      .map((part) => decoded(part).replace(/\.m3u8?$/i, ''))
      .reverse(),
  )
  return (
    names.find(
      (name) => !/^(?:master|index|playlist|manifest|main|chunklist|prog_index|video|stream|hls|variant)$/i.test(name),
    ) ?? asked.hostname
  )
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // not percent-encoded after all
  }
}

function withoutCredentials(url: URL): string {
  const clean = new URL(url)
  clean.username = ''
  clean.password = ''
  return clean.href
}

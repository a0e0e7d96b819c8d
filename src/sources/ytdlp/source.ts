import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import type { Link } from '@jackdaw/contract/nouns/link.ts'
import type { Entry, Media } from '@jackdaw/contract/nouns/media.ts'
import { JobOptions, JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { z } from 'zod'
import { withoutMediaExtension } from '#kernel/media-name.ts'
import { cleanTitle } from '#kernel/title.ts'
import { itemOf, itemRanges, mostEntries } from '#kernel/ytdlp/items.ts'
import { createYtdlp, type Ytdlp } from '#kernel/ytdlp/ytdlp.ts'
import type { Run, Source } from '#pipeline/engine.ts'
import { aboutOf, coverOf, subtitlesOf } from './about.ts'
import { choicesOf } from './choices.ts'
import { entryOf } from './entries.ts'
import { siteOf } from '#kernel/links/media-sites.ts'
import { Format, Info } from './info.ts'

const Options = JobOptions.extend(JobSecrets.shape)
type Options = z.infer<typeof Options>

/**
 * Pages of media sites, by yt-dlp: known sites by their name, any other page once the direct source has found one. A video
 * becomes choices, a list its entries: at most 10,000, read one by one, so that a list may be as long as it likes.
 */
export function createYtdlpSource(ytdlp: Ytdlp = createYtdlp()): Source<Options> {
  return {
    name: 'ytdlp',
    title: 'Pages of media sites, by yt-dlp',
    tools: ['yt-dlp'],
    options: Options,
    checkpoint: z.unknown(),
    types: [
      'text/html',
      'application/xhtml+xml',
      'application/rss+xml',
      'application/atom+xml',
      'application/xspf+xml',
    ],

    claims(link: Link): number {
      const url = webAddress(link)
      return url !== undefined && siteOf(url) !== undefined ? 0.9 : 0
    },

    async resolve(link, options, run): Promise<Media> {
      const url = webAddress(link)
      if (url === undefined || options.page) throw new Fault('source.declined')
      return await list(ytdlp, url, options, run)
    },
  }
}

async function list(ytdlp: Ytdlp, url: URL, options: Options, run: Run<unknown>): Promise<Media> {
  const { page, item } = itemOf(url.href)
  const isList = item === undefined && (options.items !== undefined || options.list === true)
  const secrets = JobSecrets.parse(options)
  const child = await ytdlp(run, {
    link: page,
    secrets,
    args: [
      '--dump-json',
      '--flat-playlist',
      '--lazy-playlist',
      '--playlist-items',
      item === undefined ? itemRanges(options.items) : String(item),
      // A video that was opened from a list is that video, unless somebody asks for the list.
      isList ? '--yes-playlist' : '--no-playlist',
      // What is chosen is none of its business; this one only refuses what has neither picture nor sound.
      '--format',
      'b*',
    ],
  })
  const found: { media?: Info; first?: Info; readonly entries: Entry[] } = { entries: [] }
  for await (const line of child.lines) {
    const info = parse(line)
    if (info === undefined) continue
    const isMember = item === undefined && isOfList(info)
    if (!isMember) {
      found.media ??= info
      continue
    }
    found.first ??= info
    if (found.entries.length < mostEntries) found.entries.push(entryOf(info, page, found.entries.length + 1))
    else child.stop()
    run.report({ unit: 'items', done: found.entries.length })
  }
  try {
    await child.done
  } catch (error) {
    // Of a list that broke off in the middle the members that came are as good as any.
    if (found.entries.length === 0 || !isFault(error) || error.code === 'link.private') throw error
    run.signal.throwIfAborted()
    run.log({ code: error.code, entries: found.entries.length }, 'the list broke off')
  }
  const { first } = found
  // Some sites put everything into a list, even one film.
  if (first !== undefined && !isList && first.playlist_count === 1 && first.formats.length > 0) found.media = first
  else if (first !== undefined) return listOf(first, found.entries)
  if (found.media !== undefined) return mediaOf(found.media, { link: url.href, options, secrets })
  const none =
    options.items === undefined ? 'the list is empty' : `the list has nothing numbered ${options.items.trim()}`
  throw new Fault('source.no-media', { reason: none })
}

function parse(line: string): Info | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const raw: unknown = JSON.parse(line)
    const parsed = Info.safeParse(raw)
    if (!parsed.success || parsed.data.formats.length > 0) return parsed.data
    // Where there is one way only, it is the media itself that says how.
    const only = Format.safeParse(raw)
    return only.success ? { ...parsed.data, formats: [only.data] } : parsed.data
  } catch (cause) {
    throw new Fault('source.malformed', { reason: 'yt-dlp wrote something that is no JSON' }, { cause })
  }
}

/** A page that leads to one other page only is not a list. */
function isOfList(info: Info): boolean {
  return info.playlist_index !== null && info.playlist_index !== undefined
}

function listOf(first: Info, entries: Entry[]): Media {
  const last = entries.at(-1)?.index ?? entries.length
  const known = first.playlist_count ?? 0
  // Of a list that does not say how long it is, it is known only that there are more.
  const inAll = known > 0 ? known : entries.length === mostEntries ? last + 1 : 0
  const author = cleanTitle(first.playlist_uploader ?? '')
  return {
    title: cleanTitle(first.playlist_title ?? first.playlist ?? first.playlist_id ?? '') || 'List',
    source: 'ytdlp',
    ...(author && { about: { author } }),
    parts: [],
    entries,
    ...(inAll > entries.length && { entriesInAll: inAll }),
  }
}

function mediaOf(info: Info, how: { link: string; options: Options; secrets: JobSecrets }): Media {
  const { options } = how
  const title = titleOf(info)
  const isGeneric = /^(?:generic|html5)/i.test(info.extractor ?? '') || info.extractor_key === 'Generic'
  const wanted = options.name === undefined ? title : withoutMediaExtension(options.name)
  const of = {
    link: how.link,
    stem: wanted || title,
    secrets: how.secrets,
    // A page's own files stay where they are; whatever a known site hands out is signed and runs out.
    givenAt: isGeneric && !info.formats.some(({ url }) => isSigned(url)) ? undefined : new Date().toISOString(),
  }
  const choices = choicesOf(info, options.language ?? [], of)
  if (choices.length === 0) throw new Fault('source.no-media', { reason: 'there is neither picture nor sound' })
  const about = aboutOf(info)
  const subtitles = subtitlesOf(info, of)
  const cover = coverOf(info, of)
  // The number of a page's video says nothing of its bytes, and something live is never the same.
  const isKnown = !isGeneric && !about.isLive && info.id && info.extractor
  return {
    title,
    source: 'ytdlp',
    about,
    ...(isKnown && { validators: { etag: `${info.extractor}:${info.id}`.slice(0, 500).toWellFormed() } }),
    parts: [],
    choices,
    ...(subtitles.length > 0 && { subtitles }),
    ...(cover && { cover }),
  }
}

function titleOf(info: Info): string {
  const title = cleanTitle(info.title ?? '')
  // The only video of a page is called its first.
  const own = info.extractor_key === 'HTML5MediaEmbed' && !info.playlist ? title.replace(/ \(1\)$/, '') : title
  return own || cleanTitle(info.id ?? '') || 'Video'
}

function isSigned(url: string): boolean {
  return /[?&;/](?:expires?|exp|token|sig|signature|hmac|hdnts|hdnea|policy|x-amz-expires|e)=/i.test(url)
}

function webAddress(link: Link): URL | undefined {
  const url = link.kind === 'url' ? URL.parse(link.text) : null
  return url !== null && /^https?:$/.test(url.protocol) ? url : undefined
}

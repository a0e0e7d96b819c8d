import type { About, Media } from '@jackdaw/contract/nouns/media.ts'
import { cleanTitle } from '#kernel/title.ts'
import type { Info, Subtitle } from './info.ts'
import { extensionOf, sidePart, type PartOf } from './part.ts'

/** What the site says of the media, cut to what can be stored. Pure. */
export function aboutOf(info: Info): About {
  const author = line(info.uploader ?? info.channel ?? info.creator ?? info.artist, 500)
  const authorLink = web(info.uploader_url ?? info.channel_url, 2048)
  const publishedAt = publishedOf(info)
  const description = plain(info.description ?? '')
    .slice(0, 20_000)
    .toWellFormed()
  const page = web(info.webpage_url, 8192)
  const thumbnail = web(pictureOf(info)?.url, 8192)
  const chapters = info.chapters
    .filter(({ start_time: from, end_time: to }) => from >= 0 && (!to || to >= from))
    .slice(0, 1000)
    .map(({ title, start_time: from, end_time: to }) => ({ title: line(title, 500) ?? '', from, ...(to && { to }) }))
  return {
    ...(info.duration && info.duration > 0 && { durationSeconds: info.duration }),
    ...((info.is_live || info.live_status === 'is_live') && { isLive: true }),
    ...(author && { author }),
    ...(authorLink && { authorLink }),
    ...(publishedAt && { publishedAt }),
    ...(description && { description }),
    ...(page && { page }),
    ...(thumbnail && { thumbnail }),
    ...(chapters.length > 0 && { chapters }),
  }
}

/** The picture that stands for it: the largest that is known to exist, else the one that yt-dlp thinks best of. */
export function coverOf(info: Info, of: PartOf): Media['cover'] {
  const picture = pictureOf(info)
  if (!picture) return undefined
  const said = extensionOf(/\.([a-z0-9]{3,4})$/i.exec(URL.parse(picture.url)?.pathname ?? '')?.[1])
  const extension = said !== undefined && ['jpg', 'jpeg', 'png', 'webp'].includes(said) ? said : 'jpg'
  return sidePart({ url: picture.url, headers: picture.http_headers }, { role: 'cover', extension }, of)
}

function pictureOf({ thumbnails, thumbnail }: Info) {
  const sized = thumbnails
    .filter(({ width, height }) => width && height)
    .toSorted((a, b) => (b.width ?? 0) * (b.height ?? 0) - (a.width ?? 0) * (a.height ?? 0))
  return sized[0] ?? thumbnails.at(-1) ?? (thumbnail ? { url: thumbnail, http_headers: null } : undefined)
}

/** Forms of subtitles that others can read, the best first; chats and the like are none. */
const forms = ['vtt', 'srt', 'ttml', 'ass', 'ssa', 'dfxp']

/** Those made by people first; each language once. Pure. */
export function subtitlesOf(info: Info, of: PartOf): NonNullable<Media['subtitles']> {
  const all = [
    ...Object.entries(info.subtitles ?? {}).map(([language, files]) => ({ language, files, automatic: false })),
    ...Object.entries(info.automatic_captions ?? {}).map(([language, files]) => ({ language, files, automatic: true })),
  ]
  return all.slice(0, 1000).flatMap(({ language, files, automatic }) => {
    if (
      !/^[a-z]{2,8}([-_][a-z0-9]{1,12}){0,3}$/i.test(language) ||
      language.length > 40 ||
      /chat|danmaku/i.test(language)
    )
      return []
    const file = bestForm(files)
    const part =
      file &&
      sidePart(
        { url: file.url, headers: file.http_headers },
        { role: 'subtitle', extension: file.ext ?? 'vtt', language },
        of,
      )
    return part ? [{ language, automatic, part }] : []
  })
}

function bestForm(files: readonly Subtitle[]): Subtitle | undefined {
  return files
    .filter(({ url, ext, protocol }) => url && forms.includes(ext ?? '') && !/m3u8|websocket/.test(protocol ?? ''))
    .toSorted((a, b) => forms.indexOf(a.ext ?? '') - forms.indexOf(b.ext ?? ''))[0]
}

function publishedOf({ timestamp, upload_date: day }: Info): string | undefined {
  if (timestamp && Math.abs(timestamp) < 1e11) return new Date(timestamp * 1000).toISOString()
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(day ?? '')
  return match ? `${match[1]}-${match[2]}-${match[3]}` : undefined
}

function line(text: string | null | undefined, most: number): string | undefined {
  return cleanTitle(text ?? '').slice(0, most) || undefined
}

/** PostgreSQL's JSON takes neither NUL nor half a character; a terminal no control characters. */
function plain(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, (character) =>
      character === '\n' || character === '\t' ? character : '',
    )
}

function web(text: string | null | undefined, most: number): string | undefined {
  const url = URL.parse(text ?? '')
  return url && /^https?:$/.test(url.protocol) && url.href.length <= most ? url.href : undefined
}

import type { Entry } from '@jackdaw/contract/nouns/media.ts'
import { cleanTitle } from '#kernel/title.ts'
import { itemLink } from '#kernel/ytdlp/items.ts'
import type { Info } from './info.ts'

/** A member of a list as a link of its own, or what is the matter with it. Pure. */
export function entryOf(info: Info, page: string, number: number): Entry {
  const said = info.playlist_index ?? 0
  const index = Number.isSafeInteger(said) && said > 0 ? said : number
  const title = cleanTitle(info.title ?? '').slice(0, 500)
  const link = linkOf(info, page, index)
  const unavailable = link === undefined ? 'it has no web address' : whyNot(info)
  return {
    // Something has to stand there; nobody fetches what is said to be unavailable.
    link: link ?? page,
    ...(title && { title }),
    index,
    ...(info.duration && info.duration > 0 && { durationSeconds: info.duration }),
    ...(unavailable !== undefined && { unavailable }),
  }
}

function linkOf(info: Info, page: string, index: number): string | undefined {
  // Old versions give YouTube's ids alone.
  const named = info.ie_key === 'Youtube' && /^[\w-]{11}$/.test(info.url ?? '')
  const found = named
    ? `https://www.youtube.com/watch?v=${info.url}`
    : info._type?.startsWith('url')
      ? info.url
      : info.webpage_url
  const url = URL.parse(found ?? '')
  if (!url || !/^https?:$/.test(url.protocol) || url.href.length > 8192) return undefined
  if (/youtubedl_smuggle/i.test(url.hash)) url.hash = ''
  if (!samePage(url, new URL(page))) return url.href
  return itemLink(url, index)
}

function samePage(a: URL, b: URL): boolean {
  const plain = ({ origin, pathname, search }: URL) => origin + pathname + search
  return plain(a) === plain(b)
}

function whyNot({ title, availability }: Info): string | undefined {
  const said = /^\[(private|deleted|unavailable) video\]$/i.exec(title ?? '')?.[1]?.toLowerCase()
  if (said !== undefined) return said
  return {
    private: 'private',
    needs_auth: 'only for people who are signed in',
    premium_only: 'only for those who pay',
    subscriber_only: 'only for subscribers',
  }[availability ?? '']
}

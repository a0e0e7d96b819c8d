import { createHash } from 'node:crypto'
import { Fault } from '@jackdaw/contract/faults.ts'
import { Link } from '@jackdaw/contract/nouns/link.ts'
import { JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import type { Wish } from '@jackdaw/contract/operations/jobs.ts'
import { cleanUrl } from '#kernel/links/clean.ts'
import { cleanTitle, isStorable } from '#kernel/title.ts'
import type { NewJob } from './queue.ts'

const schemes = new Set(['http:', 'https:', 'ftp:', 'ftps:'])

/** A wish as a job to be, before it has its ids; `secrets` are those of the wish and of the link together. */
export type PreparedWish = Omit<NewJob, 'id' | 'step' | 'sealed'> & { readonly secrets: JobSecrets }

/**
 * Reads a wish. Destinations and recipe are the caller's to check. Throws `link.invalid`, and `input.invalid` for texts
 * that cannot be stored. Pure.
 */
export function prepareWish(wish: Wish): PreparedWish {
  const { link, secrets: inLink, startSeconds } = cleanLink(wish.link)
  if (!isStorable(wish)) throw new Fault('input.invalid', { reason: 'it contains characters that cannot be stored' })
  const secrets = { ...inLink, ...wish.secrets }
  // `t=90` in a link means what a person who shares it means: from there on.
  const clips = startSeconds === undefined || wish.options?.list ? undefined : [{ from: startSeconds }]
  const options = { ...(clips && { clips }), ...wish.options }
  const destinations = [...new Set(wish.destinations ?? ['library'])]
  const origin = originKey(link, { ...wish, options }, secrets)
  return {
    link,
    secrets,
    title: (options.name !== undefined && cleanTitle(options.name)) || firstTitle(link),
    recipe: wish.recipe ?? 'default',
    destinations,
    options,
    originKey: origin,
    wishKey: wishKey(origin, { options, destinations }),
    priority: wish.priority ?? 0,
    category: wish.category ?? null,
    site: siteOf(link),
  }
}

/** The job that a prepared wish becomes. */
export function asJob(
  { secrets, ...wish }: PreparedWish,
  ids: { readonly id: string; readonly step: string },
  seal: (secrets: JobSecrets, job: string) => string,
): NewJob {
  return { ...wish, ...ids, sealed: Object.keys(secrets).length === 0 ? null : seal(secrets, ids.id) }
}

/** A pasted text as a link, with the credentials that stood in it apart. Throws `link.invalid`. Pure. */
export function cleanLink(text: string): { link: Link; secrets: JobSecrets; startSeconds?: number } {
  const trimmed = text.trim()
  // The URL parser would drop these in silence, and what people see would not be what is fetched.
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(trimmed)) throw invalid('it contains control characters')
  if (/^magnet:\?/i.test(trimmed)) return { link: fitting({ kind: 'magnet', text: trimmed }), secrets: {} }
  const url = parse(trimmed)
  if (!schemes.has(url.protocol)) throw invalid(`${url.protocol} links are not fetched; http, https and ftp are`)
  if (url.hostname === '') throw invalid('it names no host')
  const secrets: JobSecrets = {}
  if (url.username !== '') secrets.user = decode(url.username)
  if (url.password !== '') secrets.password = decode(url.password)
  if (!JobSecrets.safeParse(secrets).success) throw invalid('its name or password is too long')
  url.username = ''
  url.password = ''
  const { url: cleaned, startSeconds } = cleanUrl(url)
  return {
    link: fitting({ kind: 'url', text: cleaned.href }),
    secrets,
    ...(startSeconds !== undefined && { startSeconds }),
  }
}

/** Letters that are not ASCII are written as several: a link may grow past its limit by being cleaned. */
function fitting(link: Link): Link {
  if (!Link.safeParse(link).success) throw invalid('it is longer than 8192 characters')
  return link
}

function parse(text: string): URL {
  if (text === '') throw invalid('it is empty')
  if (text.startsWith('-')) throw invalid('it begins with "-"')
  // example.org/video.mp4, as people type it.
  const bare = /^[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)*\.\p{L}{2,}(:\d+)?([/?#]|$)/u.test(text)
  const url = URL.parse(bare ? `https://${text}` : text)
  if (!url) throw invalid('it is not an address such as https://example.org/video.mp4')
  return url
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** What a job is called until its source knows better. */
export function firstTitle(link: Link): string {
  if (link.kind !== 'url') return cleanTitle(link.text)
  const url = new URL(link.text)
  const last = url.pathname.split('/').findLast((segment) => segment !== '')
  return (last !== undefined && cleanTitle(decode(last))) || url.host
}

/** The far side of a link: host, and port when it is not the usual one. */
export function siteOf(link: Link): string {
  return link.kind === 'url' ? new URL(link.text).host : ''
}

/** "The same thing": what is fetched and what is made of it. Secrets count, for they may show something else. */
export function originKey(link: Link, wish: Pick<Wish, 'recipe' | 'options'>, secrets: JobSecrets): string {
  // How it travels and what it is called do not make it another thing.
  const { name: _, prefix: __, connections: ___, limit: ____, chooseSeconds: _____, ...made } = wish.options ?? {}
  const what = [link, wish.recipe ?? 'default', secrets]
  return digest(Object.keys(made).length === 0 ? what : [...what, made])
}

/** "The same wish": the same thing, to the same places, under the same name. */
export function wishKey(origin: string, wish: Pick<Wish, 'destinations' | 'options'>): string {
  const { name = null, prefix } = wish.options ?? {}
  return digest([origin, wish.destinations ?? [], name, ...(prefix === undefined ? [] : [prefix])])
}

export function batchKey(wishKeys: readonly string[], strict: boolean): string {
  return digest([wishKeys, strict])
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, sortedKeys)).digest('base64url')
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function invalid(reason: string): Fault {
  return new Fault('link.invalid', { reason })
}

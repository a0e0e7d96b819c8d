import { Cookie, CookieJar } from 'tough-cookie'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { JobSecrets } from '@jackdaw/contract/nouns/options.ts'

/** Headers that belong to the transfer itself; a person who sets them breaks framing, ranges or routing. */
const ours: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'if-range',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What says where one comes from and opens no door: it may go to every host that a page or a playlist names. */
const harmless: ReadonlySet<string> = new Set(['accept-language', 'origin', 'referer', 'user-agent'])

const agent = 'Mozilla/5.0 (compatible; Jackdaw)'

/**
 * Who we are at a site: headers, basic authentication and cookies of one job. Headers and the password go to the origin
 * of the link only, never across a redirect to another one (the step from http to https on one host excepted: it is
 * the same host, better protected); cookies go where their domain, path and `secure` allow (RFC 6265).
 */
export class Visitor {
  readonly #home: URL
  readonly #headers: ReadonlyMap<string, string>
  readonly #common: ReadonlyMap<string, string>
  readonly #jar: CookieJar

  /**
   * `more` are headers that a source gives for what it found: those that open no door go to every host, the others home.
   * Throws `input.invalid` for a header that cannot be sent.
   */
  constructor(link: URL, secrets: JobSecrets, more: Readonly<Record<string, string>> = {}) {
    this.#home = link
    // What a source passes on from a program may hold headers of the transfer itself.
    const given = Object.entries(more).filter(([name]) => !ours.has(name.toLowerCase()))
    this.#headers = ownHeaders(link, { ...secrets, headers: { ...Object.fromEntries(given), ...secrets.headers } })
    const isCommon = ([name]: [string, string]) => harmless.has(name.toLowerCase())
    this.#common = ownHeaders(new URL('http://none'), { headers: Object.fromEntries(given.filter(isCommon)) })
    this.#jar = jarOf(secrets.cookies ?? '')
  }

  /** Lower-case names; safe to put on the wire as they are. */
  headersFor(url: URL): Record<string, string> {
    const headers: Record<string, string> = { 'user-agent': agent, accept: '*/*' }
    for (const [name, value] of this.#common) headers[name] = value
    if (this.#isHome(url)) for (const [name, value] of this.#headers) headers[name] = value
    const cookies = this.#jar.getCookieStringSync(url.href)
    if (cookies && /^[\x20-\x7e\x80-\xff]*$/.test(cookies)) {
      headers['cookie'] = headers['cookie'] ? `${headers['cookie']}; ${cookies}` : cookies
    }
    return headers
  }

  /** Keeps the cookies that an answer sets, for the next request of the same job. */
  remember(url: URL, setCookies: readonly string[]): void {
    for (const line of setCookies.slice(0, 100)) this.#jar.setCookieSync(line, url.href, { ignoreError: true })
  }

  #isHome(url: URL): boolean {
    if (url.origin === this.#home.origin) return true
    const upgraded = this.#home.protocol === 'http:' && url.protocol === 'https:'
    return upgraded && url.hostname === this.#home.hostname && url.port === '' && this.#home.port === ''
  }
}

function ownHeaders(link: URL, secrets: JobSecrets): Map<string, string> {
  const headers = new Map<string, string>()
  const user = secrets.user ?? decode(link.username)
  const password = secrets.password ?? decode(link.password)
  if (user || password) {
    headers.set('authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`)
  }
  for (const [given, value] of Object.entries(secrets.headers ?? {})) {
    const name = given.toLowerCase()
    if (ours.has(name)) throw new Fault('input.invalid', { reason: `the header ${name} cannot be set` })
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new Fault('input.invalid', { reason: 'a header holds a line break or a character that cannot be sent' })
    }
    headers.set(name, value.trim())
  }
  return headers
}

/** Reads a Netscape cookie file: seven fields divided by tabs; lines that are none are passed over. */
function jarOf(text: string): CookieJar {
  const jar = new CookieJar(undefined, { looseMode: true, rejectPublicSuffixes: true })
  for (const line of text.split(/\r?\n/)) {
    const httpOnly = line.startsWith('#HttpOnly_')
    if (line.startsWith('#') && !httpOnly) continue
    const [domain = '', subdomains, path = '/', secure, expires, key = '', value = ''] = line
      .slice(httpOnly ? 10 : 0)
      .split('\t')
    const host = domain.replace(/^\./, '')
    if (!host || !key) continue
    const literal = /^[\d.]+$|:/.test(host)
    const cookie = new Cookie({
      key,
      value,
      path,
      httpOnly,
      secure: secure === 'TRUE',
      domain: subdomains === 'TRUE' && !literal ? host : null,
      expires: Number(expires) > 0 ? new Date(Number(expires) * 1000) : 'Infinity',
    })
    jar.setCookieSync(cookie, `https://${host.includes(':') ? `[${host}]` : host}${path}`, { ignoreError: true })
  }
  return jar
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part // not percent-encoded after all: it is meant literally
  }
}

import { Fault } from '@jackdaw/contract/faults.ts'
import { redactUrl } from './failures.ts'

/** One request of a chain of redirects. */
export interface Hop {
  readonly url: URL
  readonly init: {
    readonly method: string
    readonly headers: Headers
    readonly body?: NonNullable<RequestInit['body']>
    readonly duplex?: 'half'
  }
  readonly redirect: NonNullable<RequestInit['redirect']>
}

/**
 * The first hop. A user and password leave the URL and become `Authorization: Basic` unless the caller gave one.
 * Throws `link.invalid` for anything but http and https.
 */
export function parseTarget(link: string, init: RequestInit): Hop {
  const url = URL.parse(link)
  if (!url) throw new Fault('link.invalid', { reason: 'it is not a URL' })
  const { body } = init
  return {
    url,
    redirect: init.redirect ?? 'follow',
    init: {
      method: init.method?.toUpperCase() ?? 'GET',
      headers: claimCredentials(url, new Headers(init.headers)),
      ...(body !== null && body !== undefined && { body, duplex: 'half' }),
    },
  }
}

/**
 * Where the answer sends us, or undefined when it does not. Methods change as in the Fetch standard (HTTP-redirect
 * fetch). On another origin, which a change of scheme makes too, only headers in `harmless` go along: a header that the
 * caller set may be a key whatever its name is.
 */
export function nextHop(
  hop: Hop,
  answer: { readonly status: number; readonly headers: { get(name: string): string | null } },
): Hop | undefined {
  if (![301, 302, 303, 307, 308].includes(answer.status)) return undefined
  const location = answer.headers.get('location')
  if (location === null) return undefined
  // Header values are bytes; servers send raw UTF-8 in Location.
  const url = URL.parse(Buffer.from(location, 'latin1').toString('utf8'), hop.url)
  if (!url) throw new Fault('source.broken', { url: redactUrl(hop.url), reason: 'it redirects to what is no URL' })
  if (url.hash === '') url.hash = hop.url.hash

  const { method, body } = hop.init
  const becomesGet = answer.status === 303 ? method !== 'HEAD' : answer.status < 303 && method === 'POST'
  if (!becomesGet && body instanceof ReadableStream)
    throw new Fault('source.broken', { url: redactUrl(hop.url), reason: 'it redirects what can be sent only once' })
  const headers = new Headers(
    [...hop.init.headers].filter(
      ([name]) => (url.origin === hop.url.origin || harmless.has(name)) && !(becomesGet && name.startsWith('content-')),
    ),
  )
  return {
    url,
    redirect: hop.redirect,
    init: {
      method: becomesGet ? 'GET' : method,
      headers: claimCredentials(url, headers),
      ...(!becomesGet && body !== undefined && { body, duplex: 'half' }),
    },
  }
}

const harmless: ReadonlySet<string> = new Set(
  `accept accept-encoding accept-language cache-control content-language content-type if-match if-modified-since
  if-none-match if-range if-unmodified-since range user-agent`.split(/\s+/),
)

function claimCredentials(url: URL, headers: Headers): Headers {
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Fault('link.invalid', { reason: `${url.protocol.slice(0, 20)} is not fetched here, only http and https` })
  if (url.username !== '' || url.password !== '') {
    const pair = `${unescaped(url.username)}:${unescaped(url.password)}`
    if (!headers.has('authorization')) headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`)
    url.username = ''
    url.password = ''
  }
  return headers
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A lone % is meant as it stands.
    return text
  }
}

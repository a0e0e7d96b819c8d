import { Fault } from '@jackdaw/contract/faults.ts'
import type { Visitor } from './visitor.ts'

/** curl's limit is 50, browsers stop at 20. */
const mostRedirects = 20

export interface Answer {
  readonly response: Response
  /** Where the answer came from, after all redirects. */
  readonly url: URL
}

/**
 * A GET that follows redirects itself, so that each hop gets only the headers and cookies meant for it. Every hop goes
 * through `http` and with that through its guard. The caller reads or cancels the body.
 */
export async function follow(
  http: typeof fetch,
  start: URL,
  visitor: Visitor,
  how: { headers?: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<Answer> {
  let url = withoutCredentials(start)
  for (let hop = 0; hop <= mostRedirects; hop += 1) {
    const headers = { ...visitor.headersFor(url), 'accept-encoding': 'identity', ...how.headers }
    const response = await http(url.href, { headers, redirect: 'manual', signal: how.signal })
    visitor.remember(url, response.headers.getSetCookie())
    const location = response.headers.get('location')
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return { response, url }
    await drop(response)
    const next = URL.parse(location, url)
    if (next === null || !['http:', 'https:'].includes(next.protocol)) {
      throw new Fault('source.broken', { reason: 'it redirects to something that is no web address' }, { next: 'stop' })
    }
    if (!next.hash) next.hash = url.hash
    url = withoutCredentials(next)
  }
  throw new Fault('source.broken', { reason: `more than ${mostRedirects} redirects` }, { next: 'stop' })
}

/** Gives the connection up or back without reading the body. */
export async function drop(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined) // it was going away; how it ends does not matter
}

function withoutCredentials(url: URL): URL {
  const clean = new URL(url)
  clean.username = ''
  clean.password = ''
  return clean
}

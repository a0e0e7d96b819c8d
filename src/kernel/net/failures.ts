import { Fault } from '@jackdaw/contract/faults.ts'

type NetworkFacts = Readonly<Record<string, string | number>>

/**
 * Translates what sockets, TLS and undici throw. A fault anywhere in the chain of causes comes out as it is. `facts`
 * must not hold secrets: pass `redactUrl(url)`, never a URL.
 */
export function networkFault(thrown: unknown, facts: NetworkFacts): Fault {
  return (
    knownFault(thrown, facts) ??
    new Fault('source.unreachable', { ...facts, reason: 'the connection failed' }, { cause: thrown })
  )
}

/** The same for what may be no failure of the network at all: undefined then. */
export function knownFault(thrown: unknown, facts: NetworkFacts = {}): Fault | undefined {
  for (const error of causes(thrown)) {
    if (error instanceof Fault) return error
    const code = codeOf(error)
    const certificate = certificateReason(code)
    if (certificate !== undefined)
      return new Fault('source.certificate', { ...facts, reason: certificate }, { cause: thrown })
    const reason = reasons[code] ?? (/^ERR_SSL|^EPROTO$|^ERR_TLS/.test(code) ? 'no secure connection' : undefined)
    if (reason !== undefined) return new Fault('source.unreachable', { ...facts, reason }, { cause: thrown })
    if (code === 'UND_ERR_BODY_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT')
      return new Fault('source.stalled', { seconds: 60, ...facts }, { cause: thrown })
    const broken = answers[code] ?? (code.startsWith('HPE_') ? 'the answer is not HTTP' : undefined)
    if (broken !== undefined) return new Fault('source.broken', { ...facts, reason: broken }, { cause: thrown })
  }
  return undefined
}

/** The URL as it may be shown and logged: no user, no password, no fragment, and query values masked. */
export function redactUrl(url: string | URL): string {
  const parsed = URL.parse(String(url))
  if (!parsed) return '(not a URL)'
  parsed.username = ''
  parsed.password = ''
  parsed.hash = ''
  const query = parsed.search.slice(1)
  parsed.search = ''
  const masked = query
    .split('&')
    .map((pair) => (pair.includes('=') ? `${pair.slice(0, pair.indexOf('='))}=***` : '***'))
  return query === '' ? parsed.href : `${parsed.href}?${masked.join('&')}`
}

function* causes(thrown: unknown): Generator<object> {
  // Ten levels: a cause may point back at its error.
  for (let depth = 0, at = thrown; depth < 10 && typeof at === 'object' && at !== null; depth++) {
    yield at
    if (at instanceof AggregateError) yield* at.errors.slice(0, 1).flatMap((error) => [...causes(error)])
    at = 'cause' in at ? at.cause : undefined
  }
}

function codeOf(error: object): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host name',
  ENODATA: 'there is no such host name',
  EAI_AGAIN: 'the host name cannot be looked up at the moment',
  EAI_FAIL: 'the host name cannot be looked up at the moment',
  ECONNREFUSED: 'nothing listens there',
  EHOSTUNREACH: 'no way to the host',
  ENETUNREACH: 'no way to the network',
  EADDRNOTAVAIL: 'no way to the network',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
}

/** Connected, but what came is not HTTP as it should be, or not all of it. */
const answers: Readonly<Record<string, string>> = {
  ECONNRESET: 'the connection was reset',
  ECONNABORTED: 'the connection was reset',
  EPIPE: 'the connection was reset',
  UND_ERR_SOCKET: 'the connection was closed',
  UND_ERR_DESTROYED: 'the connection was closed',
  UND_ERR_HEADERS_OVERFLOW: 'the head of the answer is too large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer is not as long as it said',
  Z_DATA_ERROR: 'the answer cannot be decompressed',
  Z_BUF_ERROR: 'the answer cannot be decompressed',
}

/** Codes of OpenSSL's certificate verification (`X509_V_ERR_…`, as Node names them) and of Node's host name check. */
function certificateReason(code: string): string | undefined {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') return 'it is for another name'
  if (code === 'CERT_HAS_EXPIRED') return 'it has expired'
  if (code === 'CERT_NOT_YET_VALID') return 'it is not valid yet'
  if (code === 'CERT_REVOKED') return 'it was revoked'
  if (/^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)$/.test(code)) return 'it is self-signed'
  if (/^(CERT_|CRL_|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|ERROR_IN_C)/.test(code))
    return 'nobody who is trusted has signed it'
  return undefined
}

import { Fault } from '@jackdaw/contract/faults.ts'

const unreachable: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'its name cannot be looked up',
  EADDRNOTAVAIL: 'no route to it',
  ECONNREFUSED: 'it refuses connections',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to it',
  ENOTFOUND: 'there is no such host',
  EPROTO: 'no common TLS',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
}

const broken: Readonly<Record<string, string>> = {
  ECONNABORTED: 'the connection was cut',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'it sent another number of bytes than it said',
}

/**
 * The fault behind an error of a connection, a request or a file: the innermost cause with a code that is known. Faults
 * pass as they are; an error that is none of these is returned unchanged, for the caller to rethrow.
 */
export function networkFault(thrown: unknown): unknown {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 8; error = error.cause, depth += 1) {
    if (error instanceof Fault) return error
    const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
    const fault = faultOf(code, thrown)
    if (fault) return fault
  }
  if (thrown instanceof TypeError && /terminated|fetch failed/.test(thrown.message)) {
    return new Fault('source.broken', { reason: 'the connection was cut' }, { cause: thrown })
  }
  return thrown
}

function faultOf(code: string, cause: unknown): Fault | undefined {
  if (code in unreachable) return new Fault('source.unreachable', { reason: unreachable[code], code }, { cause })
  if (code in broken) return new Fault('source.broken', { reason: broken[code], code }, { cause })
  if (code === 'ENOSPC' || code === 'EDQUOT') return new Fault('house.disk-full', {}, { cause })
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return new Fault('source.stalled', { seconds: 300 }, { cause })
  }
  if (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new Fault('source.broken', { reason: 'its answer is not HTTP', code }, { cause })
  }
  if (/CERT|^ERR_TLS_|UNABLE_TO_|SELF_SIGNED|HOSTNAME_MISMATCH/.test(code)) {
    return new Fault('source.certificate', { reason: code.toLowerCase().replaceAll('_', ' ') }, { cause })
  }
  if (code.startsWith('ERR_SSL_')) return new Fault('source.unreachable', { reason: 'no common TLS', code }, { cause })
  return undefined
}

import { lookup as systemLookup } from 'node:dns/promises'
import { connect as tcp, type OnReadOpts, type Socket } from 'node:net'
import { createSecureContext, getCACertificates, connect as tls, type ConnectionOptions } from 'node:tls'
import { Fault } from '@jackdaw/contract/faults.ts'
import { parseHost, policy } from './addresses.ts'
import { networkFault } from './failures.ts'
import { firstOf } from './first.ts'

/** All addresses of a host name, best first. */
export type Lookup = (name: string) => Promise<readonly { readonly address: string }[]>

export interface GuardOptions {
  /** CIDRs that may be reached although they are not public. */
  readonly allow: readonly string[]
  /** The resolver of the system by default. */
  readonly lookup?: Lookup
  /** Certificates (PEM) trusted besides Node's own and NODE_EXTRA_CA_CERTS. */
  readonly ca?: readonly string[]
}

export interface GuardedConnect {
  readonly host: string
  readonly port: number
  /** Present: the socket comes back with its TLS handshake done. `servername` is the host unless given. */
  readonly tls?: Pick<ConnectionOptions, 'servername' | 'ALPNProtocols'>
  /** Node's reusable read buffer; `buffer` is also called once for each attempt to connect. */
  readonly onread?: OnReadOpts
  readonly signal?: AbortSignal | undefined
  /** For lookup, connection and handshake together. 10 s by default: what curl users set and browsers stay above. */
  readonly timeoutMs?: number
}

/** The one way out of the house. */
export interface Guard {
  /**
   * The addresses of a host, each of them permitted. One refused address refuses the host: a name that points both out
   * and in is an attack or a mistake, and which of its addresses is taken must not be a matter of luck.
   */
  resolve(host: string, signal?: AbortSignal): Promise<readonly string[]>
  /**
   * A connected socket to an address that was checked; nothing looks the name up again. Certificates are verified.
   * Faults: `link.private`, `link.invalid`, `source.unreachable`, `source.certificate`, or the signal's reason.
   */
  connect(to: GuardedConnect): Promise<Socket>
}

export function createGuard(options: GuardOptions): Guard {
  const rules = policy(options)
  const lookup = options.lookup ?? ((name) => systemLookup(name, { all: true, order: 'verbatim' }))
  const secureContext = options.ca && createSecureContext({ ca: [...getCACertificates('default'), ...options.ca] })

  /** TLS starts with the address, not with a connected socket: Node ignores `onread` for a socket that is handed to it. */
  const begin = (address: string, to: GuardedConnect): Socket => {
    const place = { host: address, port: to.port, noDelay: true, ...(to.onread && { onread: to.onread }) }
    if (!to.tls) return tcp(place)
    const parsed = parseHost(to.host)
    // An address is not a server name (RFC 6066 section 3): then the certificate is compared with `host`.
    const servername = to.tls.servername ?? (parsed.kind === 'name' ? parsed.name : '')
    return tls({ ...to.tls, ...place, servername, rejectUnauthorized: true, ...(secureContext && { secureContext }) })
  }

  const resolve = async (host: string, signal?: AbortSignal): Promise<readonly string[]> => {
    signal?.throwIfAborted()
    const parsed = parseHost(host)
    const addresses = parsed.kind === 'address' ? [parsed.address] : await lookUp(parsed.name, lookup, signal)
    for (const address of addresses) {
      const fault = rules.check(address)
      if (fault) throw fault
    }
    return addresses
  }

  return {
    resolve,
    async connect(to) {
      if (!Number.isInteger(to.port) || to.port < 1 || to.port > 65_535)
        throw new Fault('link.invalid', { reason: 'the port is not between 1 and 65535' })
      const late = new AbortController()
      const timer = setTimeout(() => late.abort(tooLate(to)), to.timeoutMs ?? 10_000)
      const signal = to.signal ? AbortSignal.any([to.signal, late.signal]) : late.signal
      try {
        const addresses = await resolve(to.host, signal)
        const socket = await firstOf(
          interleave(addresses),
          (address, signal) => connected(begin(address, to), 'connect', signal),
          signal,
        )
        return to.tls ? await connected(socket, 'secureConnect', signal) : socket
      } catch (thrown) {
        to.signal?.throwIfAborted()
        throw networkFault(thrown, { host: to.host, port: to.port })
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

async function lookUp(name: string, lookup: Lookup, signal?: AbortSignal): Promise<readonly string[]> {
  const answers = await abandon(lookup(name), signal)
  if (answers.length === 0) throw new Fault('source.unreachable', { host: name, reason: 'there is no such host name' })
  return answers.map(({ address }) => address)
}

/** A lookup cannot be stopped; it is left to end by itself. */
function abandon<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort))
}

const tooLate = (to: GuardedConnect) =>
  new Fault('source.unreachable', { host: to.host, port: to.port, reason: 'no answer in time' })

/** Families in turn, beginning with that of the first address (RFC 8305 section 4). */
function interleave(addresses: readonly string[]): readonly string[] {
  const isSix = (address: string) => address.includes(':')
  const first = addresses.filter((address) => isSix(address) === isSix(addresses[0] ?? ''))
  const other = addresses.filter((address) => !first.includes(address))
  return first
    .flatMap((address, index) => [address, ...other.slice(index, index + 1)])
    .concat(other.slice(first.length))
}

/** The socket once `event` came; destroyed on error and abort. */
function connected<S extends Socket>(socket: S, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<S> {
  const { promise, resolve, reject } = Promise.withResolvers<S>()
  const onAbort = () => socket.destroy(signal.reason)
  const onClose = () => reject(Object.assign(new Error('closed before it was connected'), { code: 'ECONNRESET' }))
  socket
    .once(event, () => resolve(socket))
    .once('error', reject)
    .once('close', onClose)
  // Stays: a reset that comes before the caller listens must not end the process. `close` still tells.
  socket.on('error', () => undefined)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  return promise.finally(() => {
    signal.removeEventListener('abort', onAbort)
    socket.off('error', reject).off('close', onClose)
  })
}

import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { asFault, Fault } from '@jackdaw/contract/faults.ts'
import type { Guard } from './guard.ts'
import { forward, meter, refuse, refuseTunnel, tunnel, type Way } from './relay.ts'

export interface ProxyOptions {
  readonly guard: Pick<Guard, 'connect'>
  /** Without a byte either way. 60 s. */
  readonly idleTimeoutMs?: number
}

/** Admits one step's tools to the proxy, until it is disposed; then its connections are cut. */
export interface Ticket extends Disposable {
  /** Proxy variables in both cases, with the ticket's password; NO_PROXY is empty. */
  readonly environment: Readonly<Record<string, string>>
  /** For tools that take the proxy as an option. Holds the password: not for arguments, which everybody can read. */
  readonly url: string
  /** Bytes that came in through this ticket. */
  readonly bytes: number
  /** The first fault that a tool met here: tools only say "403" about it. */
  readonly fault: Fault | undefined
}

export interface FilteringProxy extends AsyncDisposable {
  readonly port: number
  /** `charge` takes the bytes that came in and returns milliseconds to pause (see `Bandwidth`). */
  admit(charge?: (bytes: number) => number): Ticket
}

/**
 * The way out for external tools: HTTP requests in absolute form and CONNECT, each to a destination that the guard
 * permits, so that a redirect that a tool follows is checked like its first request. Listens on loopback, where other
 * users of the machine are too: hence a password for each step. FTP is refused in words. Never reads inside TLS.
 */
export async function openProxy(options: ProxyOptions): Promise<FilteringProxy> {
  const tickets = new Map<string, Admission>()
  const idleTimeoutMs = options.idleTimeoutMs ?? 60_000
  const admission = (request: IncomingMessage) => tickets.get(fingerprint(passwordOf(request)))
  const way = (admission: Admission, client: Duplex): Way => {
    // A tool may send many requests on one connection.
    if (!admission.streams.has(client)) client.once('close', () => admission.streams.delete(client))
    admission.streams.add(client)
    return { guard: options.guard, idleTimeoutMs, signal: admission.ended.signal, meter: () => meter(admission.take) }
  }
  const noted = (admission: Admission, thrown: unknown): Fault => {
    const fault = asFault(thrown)
    admission.fault ??= fault
    return fault
  }

  // 32 KiB of headers: twice what Node and most servers accept, for sites that live on cookies. Node's parser refuses
  // Content-Length together with Transfer-Encoding, repeated lengths and bare line feeds: nothing to smuggle with.
  const server = createServer({
    maxHeaderSize: 32_768,
    headersTimeout: 30_000,
    requestTimeout: 0,
    keepAliveTimeout: 5000,
  })
  server.on('request', (request, response) => {
    const ticket = admission(request)
    if (!ticket) return refuse(response, 407, 'This proxy serves the tools of Jackdaw only.')
    forward(request, response, way(ticket, request.socket)).catch((thrown: unknown) => {
      const fault = noted(ticket, thrown)
      refuse(response, fault.status, fault.message)
    })
  })
  server.on('connect', (request, client, head) => {
    client.on('error', () => client.destroy())
    const ticket = admission(request)
    if (!ticket) return refuseTunnel(client, 407, 'This proxy serves the tools of Jackdaw only.')
    tunnel(request.url ?? '', client, head, way(ticket, client)).catch((thrown: unknown) => {
      const fault = noted(ticket, thrown)
      refuseTunnel(client, fault.status, fault.message)
    })
  })
  server.on('clientError', (_, client) => refuseTunnel(client, 400, 'This is not a request that can be passed on.'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    port,
    admit(charge) {
      const password = randomBytes(24).toString('base64url')
      const key = fingerprint(password)
      const admission = createAdmission(charge)
      tickets.set(key, admission)
      const url = `http://step:${password}@127.0.0.1:${port}`
      return {
        url,
        environment: environment(url),
        get bytes() {
          return admission.bytes
        },
        get fault() {
          return admission.fault
        },
        [Symbol.dispose]() {
          tickets.delete(key)
          admission.end()
        },
      }
    },
    async [Symbol.asyncDispose]() {
      for (const admission of tickets.values()) admission.end()
      tickets.clear()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

interface Admission {
  bytes: number
  fault: Fault | undefined
  readonly streams: Set<Duplex>
  readonly ended: AbortController
  readonly take: (bytes: number) => number
  readonly end: () => void
}

function createAdmission(charge: ((bytes: number) => number) | undefined): Admission {
  const admission: Admission = {
    bytes: 0,
    fault: undefined,
    streams: new Set(),
    ended: new AbortController(),
    take(bytes) {
      admission.bytes += bytes
      return charge?.(bytes) ?? 0
    },
    end() {
      admission.ended.abort(new Fault('source.unreachable', { reason: 'the step has ended' }))
      for (const stream of admission.streams) stream.destroy()
    },
  }
  return admission
}

function environment(url: string): Readonly<Record<string, string>> {
  const names = ['http_proxy', 'https_proxy', 'ftp_proxy', 'all_proxy']
  const both = (name: string, value: string) => [[name, value] as const, [name.toUpperCase(), value] as const]
  return Object.fromEntries([...names.flatMap((name) => both(name, url)), ...both('no_proxy', '')])
}

function passwordOf(request: IncomingMessage): string {
  const [scheme, value] = (request.headers['proxy-authorization'] ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'basic' || value === undefined) return ''
  const pair = Buffer.from(value, 'base64').toString()
  return pair.slice(pair.indexOf(':') + 1)
}

/** Passwords are looked up by digest, so that the time it takes tells nothing about them. */
const fingerprint = (password: string) => createHash('sha256').update(password).digest('hex')

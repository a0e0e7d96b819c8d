import { request as httpRequest, STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import { Transform, type Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Guard } from './guard.ts'
import { networkFault } from './failures.ts'

/** How a request of the proxy gets out. */
export interface Way {
  readonly guard: Pick<Guard, 'connect'>
  readonly idleTimeoutMs: number
  readonly signal: AbortSignal
  /** A pass-through that counts and slows what comes in. */
  readonly meter: () => Transform
}

/**
 * Passes on a request in absolute form (RFC 9112 section 3.2.2) and its answer, without the headers that concern one
 * connection only. Each request has a connection of its own: nothing can be left over from another one. Throws a fault
 * while the answer has not begun; later the connection is cut, which is how a tool learns that the file is short.
 */
export async function forward(request: IncomingMessage, response: ServerResponse, way: Way): Promise<void> {
  const { authority, path } = parseAbsolute(request.url ?? '')
  const coding = request.headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw new Fault('house.absent', { reason: `the transfer coding ${coding.slice(0, 40)} cannot be passed on` })
  const socket = await way.guard.connect({ ...authority, signal: way.signal })
  const onClose = () => socket.destroy()
  response.once('close', onClose)
  if (response.closed) onClose()
  socket.setTimeout(way.idleTimeoutMs, onClose)

  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const headers = [...passedOn(request), 'Host', authority.hostHeader, 'Connection', 'close']
  if (coding !== undefined) headers.push('Transfer-Encoding', 'chunked')
  const outgoing = httpRequest({
    method: request.method,
    path,
    headers,
    createConnection: () => socket,
    setHost: false,
    maxHeaderSize: 65_536,
  })
  outgoing.once('response', resolve).once('error', reject)
  // An answer may come before the body has gone out; the error of either is told by `outgoing`.
  pipeline(request, outgoing).catch(reject)
  try {
    const answer = await promise
    // Without the length where both are given: the receiver must not choose (RFC 9112 section 6.3).
    const passed = passedOn(answer, answer.headers['transfer-encoding'] === undefined ? [] : ['content-length'])
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', passed)
    response.flushHeaders()
    await pipeline(answer, way.meter(), response)
  } catch (thrown) {
    socket.destroy()
    if (!response.headersSent) throw networkFault(thrown, { host: authority.host })
    response.destroy()
  }
}

/** Connects both ends and gets out of the way; throws a fault while nothing has been answered. */
export async function tunnel(target: string, client: Duplex, head: Buffer, way: Way): Promise<void> {
  const authority = parseAuthority(target)
  if (closedPorts.has(authority.port))
    throw new Fault('link.invalid', { reason: 'the port belongs to another protocol' })
  const socket = await way.guard.connect({ ...authority, signal: way.signal })
  if (client.destroyed) return void socket.destroy()
  const cut = () => {
    socket.destroy()
    client.destroy()
  }
  socket.setTimeout(way.idleTimeoutMs, cut)
  socket.once('error', cut)
  client.once('close', cut)
  // A close after the end still has bytes on their way to the client; one without is an error there too.
  socket.once('close', () => {
    if (!socket.readableEnded) cut()
  })
  client.write('HTTP/1.1 200 Connection established\r\n\r\n')
  if (head.length > 0) socket.write(head)
  client.pipe(socket)
  socket.pipe(way.meter()).pipe(client)
}

export function meter(take: (bytes: number) => number): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const pauseMs = take(chunk.length)
      if (pauseMs > 0) setTimeout(done, pauseMs, null, chunk)
      else done(null, chunk)
    },
  })
}

export function refuse(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return void response.destroy()
  const challenge = status === 407 ? { 'proxy-authenticate': 'Basic realm="jackdaw"' } : {}
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close', ...challenge })
  response.end(`${text}\n`)
}

export function refuseTunnel(client: Duplex, status: number, text: string): void {
  if (!client.writable) return void client.destroy()
  const challenge = status === 407 ? 'Proxy-Authenticate: Basic realm="jackdaw"\r\n' : ''
  const body = `${text}\n`
  client.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n${challenge}Connection: close\r\n\r\n${body}`,
  )
}

interface Authority {
  readonly host: string
  readonly port: number
  readonly hostHeader: string
}

/** Reads `host:port`; the port may be left out where `usualPort` says what it is then. Throws `link.invalid`. */
function parseAuthority(text: string, usualPort?: number): Authority {
  const match = /^(\[[^\]]*\]|[^:[\]@/?#\\\s]+)(?::(\d{1,5}))?$/.exec(text)
  const port = match?.[2] === undefined ? usualPort : Number(match[2])
  if (!match?.[1] || port === undefined) throw new Fault('link.invalid', { reason: 'it names no host and port' })
  return { host: match[1], port, hostHeader: text }
}

function parseAbsolute(target: string): { authority: Authority; path: string } {
  if (/^ftps?:/i.test(target))
    throw new Fault('house.absent', { reason: 'FTP does not pass this proxy; Jackdaw fetches ftp links itself' })
  // The path goes on as it came: a signed link does not survive being spelled another way.
  const match = /^http:\/\/(?:[^/?#]*@)?([^/?#@]+)([/?][^#]*)?(?:#.*)?$/i.exec(target)
  if (!match?.[1]) throw new Fault('link.invalid', { reason: 'a proxy is asked with http:// or by CONNECT' })
  const path = match[2] ?? '/'
  const authority = parseAuthority(match[1], 80)
  if (closedPorts.has(authority.port))
    throw new Fault('link.invalid', { reason: 'the port belongs to another protocol' })
  return { authority, path: path.startsWith('?') ? `/${path}` : path }
}

/** Raw headers as they came, without those of one hop (RFC 9110 section 7.6.1), Host, and what Connection names. */
function passedOn(message: IncomingMessage, without: readonly string[] = []): string[] {
  const named = (message.headers.connection ?? '').toLowerCase().split(/[\s,]+/)
  const dropped = new Set([...hopByHop, ...named, ...without])
  const { rawHeaders } = message
  return rawHeaders.filter((_, index) => !dropped.has((rawHeaders[index - (index % 2)] ?? '').toLowerCase()))
}

const hopByHop: readonly string[] =
  `connection expect host http2-settings keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer
  transfer-encoding upgrade`.split(/\s+/)

/** Remote shells and mail: text that a tool sends there on behalf of a hostile link could be taken for commands. */
const closedPorts: ReadonlySet<number> = new Set([22, 23, 25, 110, 143, 465, 587, 993, 995, 6379, 11_211])

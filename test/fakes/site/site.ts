import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { answerFile } from './answer.ts'
import { behaviourOf, flakyQuery } from './behaviour.ts'
import { makeCertificate } from './certificate.ts'
import { Content } from './content.ts'
import { noCounts, type Counts } from './counts.ts'

/**
 * A real web server on loopback that behaves as badly as asked. Paths:
 *
 * - `/file/<bytes>[/<name>]?…` deterministic bytes; the query says how (see `behaviour.ts`)
 * - `/flaky/<n>/<bytes>` drops, 429, 500, 503, slowness, by `n`; every 50th is 404
 * - `/redirect?to=URL` · `/status/<code>` · `/page` (HTML)
 * - `/-/counts?path=PATH` what was seen of a path (with its query), as JSON, for tests in other processes
 * - `/-/sha256/<bytes>?seed=N` what a file should hash to
 */
export class Site {
  readonly content = new Content()
  readonly #counts = new Map<string, Counts>()
  readonly #sockets = new Set<Socket>()
  readonly #server: ReturnType<typeof createServer>
  /** PEM of the self-signed certificate when the site speaks TLS: trust it, or test that nobody does. */
  readonly certificate: string | undefined
  #port = 0

  private constructor(tls: boolean) {
    const pair = tls ? makeCertificate('localhost', ['127.0.0.1']) : undefined
    this.certificate = pair?.cert
    const listener = (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response)
    this.#server = pair ? createTlsServer({ key: pair.key, cert: pair.cert }, listener) : createServer(listener)
    this.#server.keepAliveTimeout = 60_000
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  static async start(how: { tls?: boolean; port?: number } = {}): Promise<Site> {
    const site = new Site(how.tls ?? false)
    site.#server.listen(how.port ?? 0, '127.0.0.1')
    await once(site.#server, 'listening')
    site.#port = (site.#server.address() as AddressInfo).port // never a pipe: it listens on TCP
    return site
  }

  get port(): number {
    return this.#port
  }

  get origin(): string {
    return `${this.certificate === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`
  }

  /** A link to `bytes` bytes that are served as `query` says. */
  file(bytes: number, query = '', name = ''): string {
    return `${this.origin}/file/${bytes}${name && `/${name}`}${query && `?${query}`}`
  }

  /** What was seen of a link or path (with its query) so far. */
  counts(link: string): Counts {
    const url = new URL(link, this.origin)
    const key = url.pathname + url.search
    let counts = this.#counts.get(key)
    if (!counts) this.#counts.set(key, (counts = noCounts()))
    return counts
  }

  /** Open connections, whatever they ask for. */
  get connections(): number {
    return this.#sockets.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.origin)
    const [, kind, first = '', second = ''] = url.pathname.split('/')
    if (kind === '-') return this.#answerAboutItself(url, first, second, response)
    const counts = this.counts(url.pathname + url.search)
    counts.requests += 1
    counts.ranges.push(request.headers.range ?? '')
    counts.headers.push(request.headers)
    if (counts.headers.length > 100) counts.headers.shift()
    counts.open += 1
    counts.peak = Math.max(counts.peak, counts.open)
    response.once('close', () => (counts.open -= 1))
    if (kind === 'file') return answerFile(behaviourOf(url, Number(first)), request, response, counts, this.content)
    if (kind === 'flaky') {
      const asked = new URL(`/?${flakyQuery(Number(first), Number(second))}`, this.origin)
      return answerFile(behaviourOf(asked, Number(second)), request, response, counts, this.content)
    }
    if (kind === 'redirect') response.writeHead(302, { location: url.searchParams.get('to') ?? '/page' }).end()
    else if (kind === 'status') response.writeHead(Number(first)).end(`${first}\n`)
    else if (kind === 'page' || kind === '') {
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
        .end('<!doctype html><title>A page</title>')
    } else response.writeHead(404).end('nothing here\n')
  }

  #answerAboutItself(url: URL, what: string, bytes: string, response: ServerResponse): void {
    const answer =
      what === 'sha256'
        ? { sha256: this.content.sha256(Number(bytes), Number(url.searchParams.get('seed') ?? 0)) }
        : this.counts(url.searchParams.get('path') ?? '/')
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }
}

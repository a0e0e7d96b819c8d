import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pages, type Page } from './site.ts'

/**
 * A media site on loopback: pages as people open them, each by its name (see `site.ts`). Every file that they lead to is
 * there, a few bytes that say what they are. Counts what was asked for and with which headers.
 */
export class Pages implements AsyncDisposable {
  readonly #server: Server
  readonly asked: { path: string; headers: IncomingMessage['headers'] }[] = []
  readonly origin: string
  #elsewhere = 'http://127.0.0.2:9'

  private constructor(server: Server, address: string) {
    this.#server = server
    this.origin = `http://${address}:${(server.address() as AddressInfo).port}`
    server.on('request', (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response))
  }

  static async start(address = '127.0.0.1'): Promise<Pages> {
    const server = createServer()
    server.listen(0, address)
    await once(server, 'listening')
    return new Pages(server, address)
  }

  /** Where pages lead that lead into the house. */
  leadTo(origin: string): void {
    this.#elsewhere = origin
  }

  link(name: keyof typeof pages, query = ''): string {
    return `${this.origin}/${name}${query}`
  }

  times(path: string): number {
    return this.asked.filter((one) => one.path === path).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.origin)
    this.asked.push({ path: url.pathname, headers: request.headers })
    const page: Page | undefined = Object.entries(pages).find(([name]) => url.pathname === `/${name}`)?.[1]
    if (page) return void page({ url, request, response, origin: this.origin, elsewhere: this.#elsewhere })
    if (!url.pathname.startsWith('/media/')) return void response.writeHead(404).end('nothing here\n')
    const type = types[url.pathname.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
    response.writeHead(200, { 'content-type': type }).end(`the file ${url.pathname}\n`)
  }
}

const types: Readonly<Record<string, string>> = {
  mp4: 'video/mp4',
  mp3: 'audio/mpeg',
  vtt: 'text/vtt',
  jpg: 'image/jpeg',
}

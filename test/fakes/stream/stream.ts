import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readFile, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, normalize } from 'node:path'
import { makeSamples } from './samples.ts'

/** The streams that the site has: their paths, and how long each is. */
export const streams = {
  /** One list, sound and picture together. */
  plain: { path: '/plain/index.m3u8', seconds: 6 },
  /** Two qualities with AES-128, English and German sound and English subtitles beside them. */
  master: { path: '/master.m3u8', seconds: 6 },
  /** Fragmented MP4 as ranges of one file. */
  ranges: { path: '/ranges/index.m3u8', seconds: 6 },
  /** Two recordings in a row, whose clocks begin anew. */
  cut: { path: '/cut.m3u8', seconds: 6 },
  /** The same as fragmented MP4 with another picture size, so another initialisation. */
  maps: { path: '/maps.m3u8', seconds: 6 },
} as const

/** What the site does instead of answering as it should: a status, a connection that is cut half-way, or silence. */
export type Mischief = number | 'cut' | 'silence' | undefined

export interface Asked {
  readonly path: string
  readonly headers: IncomingMessage['headers']
}

/** A site of small HLS streams that ffmpeg makes when it starts. Take one for a test file. */
export class StreamSite implements AsyncDisposable {
  readonly dir: string
  readonly asked: Asked[] = []
  /** Asked for each request; `count` is how often this path was asked for, from 1. */
  mischief: (path: string, count: number) => Mischief = () => undefined
  /** Added before answers of segments. */
  delayMs = 0
  bytes = 0
  /** Another site to which every request is sent. */
  redirectsTo: string | undefined
  readonly #ownsDir: boolean
  readonly #server: Server
  readonly #texts = new Map<string, { text: () => string; type: string }>()
  readonly #files = new Map<string, Buffer>()
  readonly #counts = new Map<string, number>()

  private constructor(dir: string, ownsDir: boolean) {
    this.dir = dir
    this.#ownsDir = ownsDir
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  /** `like`: another site with the same streams, which are made once. `make` puts streams of one's own into the folder. */
  static async start(like?: StreamSite, make: (dir: string) => Promise<void> = makeSamples): Promise<StreamSite> {
    const dir = like?.dir ?? (await mkdtemp(join(tmpdir(), 'jackdaw-streams-')))
    if (!like) await make(dir)
    const site = new StreamSite(dir, !like)
    site.#server.listen(0, '127.0.0.1')
    await once(site.#server, 'listening')
    return site
  }

  get origin(): string {
    const { port } = this.#server.address() as AddressInfo // it listens on TCP
    return `http://127.0.0.1:${port}`
  }

  url(stream: keyof typeof streams): string {
    return this.origin + streams[stream].path
  }

  /** A text under a path: a playlist of one's own. A function is asked each time. */
  text(path: string, text: string | (() => string), type = 'application/vnd.apple.mpegurl'): string {
    this.#texts.set(path, { text: typeof text === 'string' ? () => text : text, type })
    return this.origin + path
  }

  /** A file of this machine under a path. */
  file(path: string, local: string): string {
    const bytes = readFileSync(local)
    this.#files.set(path, bytes)
    return this.origin + path
  }

  /**
   * A live stream of 16 segments of a second, `window` of them to be seen. Each look moves it on by one; after the look
   * number `gapAt` it jumps over `gap` of them. At the end it says so, or stays as it is (`vanishes`).
   */
  live(name: string, how: { window?: number; gapAt?: number; gap?: number; vanishes?: boolean } = {}): string {
    const { window = 4, gapAt = Infinity, gap = 6, vanishes = false } = how
    let looks = 0
    return this.text(`/${name}.m3u8`, () => {
      looks += 1
      const end = Math.min(16, window + looks - 1 + (looks > gapAt ? gap : 0))
      const from = Math.max(0, end - window)
      const list = Array.from({ length: end - from }, (_, index) => `#EXTINF:1,\n/long/index${from + index}.ts`)
      const head = ['#EXTM3U', '#EXT-X-TARGETDURATION:1', `#EXT-X-MEDIA-SEQUENCE:${from}`]
      return [...head, ...list, ...(end === 16 && !vanishes ? ['#EXT-X-ENDLIST'] : []), ''].join('\n')
    })
  }

  /** How often a path was asked for. */
  count(path: string): number {
    return this.#counts.get(path) ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    if (this.#ownsDir) await rm(this.dir, { recursive: true, force: true })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.origin).pathname
    const count = this.count(path) + 1
    this.#counts.set(path, count)
    this.asked.push({ path, headers: request.headers })
    const mischief = this.mischief(path, count)
    if (mischief === 'silence') return
    if (typeof mischief === 'number') return void response.writeHead(mischief).end()
    if (this.redirectsTo !== undefined) {
      return void response.writeHead(302, { location: this.redirectsTo + path }).end()
    }
    const made = this.#texts.get(path)
    const body = made
      ? Buffer.from(made.text())
      : (this.#files.get(path) ?? (await readFile(join(this.dir, normalize(path))).catch(() => undefined)))
    if (body === undefined) return void response.writeHead(404).end()
    if (this.delayMs > 0 && !made) await new Promise((resolve) => setTimeout(resolve, this.delayMs))
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
    const [from, to] = range ? [Number(range[1]), Math.min(body.length, Number(range[2]) + 1)] : [0, body.length]
    const part = body.subarray(from, to)
    this.bytes += part.length
    const type = made?.type ?? (path.endsWith('.m3u8') ? 'application/vnd.apple.mpegurl' : 'application/octet-stream')
    response.writeHead(range ? 206 : 200, {
      'content-type': type,
      'content-length': part.length,
      ...(range && { 'content-range': `bytes ${from}-${to - 1}/${body.length}` }),
    })
    if (mischief !== 'cut') return void response.end(part)
    response.write(part.subarray(0, part.length / 2), () => response.destroy())
  }
}

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A site with something to look at: a film in three qualities, a course of twelve lectures of which one is gone. */
export async function startSite(dir: string): Promise<AsyncDisposable & { readonly origin: string }> {
  const film = await makeFilm(dir)
  await makeStream(dir)
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://site').pathname
    const lecture = Number(/^\/lecture-(\d+)$/.exec(path)?.[1])
    if (path === '/harbour')
      return html(response, 'Harbour at dawn', '<source src="/harbour.m3u8" type="application/x-mpegURL">')
    if (path === '/course') return course(response, origin())
    if (lecture === 7) return response.writeHead(404).end()
    if (lecture > 0) return html(response, `Lecture ${lecture}`, `<source src="/film-${lecture}.mp4" type="video/mp4">`)
    if (path === '/secret') return response.writeHead(401).end()
    if (/^\/film-\d+\.mp4$/.test(path)) return trickle(response, film)
    const file = await readFile(join(dir, normalize(path))).catch(() => undefined)
    if (file === undefined) return response.writeHead(404).end()
    // Slow enough that there is something to see.
    await sleep(path.endsWith('.ts') ? 350 : 0)
    const type = path.endsWith('.m3u8') ? 'application/vnd.apple.mpegurl' : 'video/mp2t'
    return response.writeHead(200, { 'content-type': type, 'content-length': file.length }).end(file)
  })
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  server.listen(8000, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: origin(),
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function html(response: ServerResponse, title: string, source: string) {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
  response.end(`<!doctype html><html><head><title>${title}</title></head><video>${source}</video></html>`)
}

function course(response: ServerResponse, origin: string) {
  const item = (_: unknown, at: number) =>
    `<item><title>Lecture ${at + 1}</title><link>${origin}/lecture-${at + 1}</link></item>`
  const items = Array.from({ length: 12 }, item).join('')
  response.writeHead(200, { 'content-type': 'application/rss+xml' })
  response.end(
    `<?xml version="1.0"?><rss version="2.0"><channel><title>Tides and ports</title>${items}</channel></rss>`,
  )
}

async function trickle(response: ServerResponse, film: Buffer) {
  response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': film.length })
  for (let from = 0; from < film.length && !response.destroyed; from += 65_536) {
    if (!response.write(film.subarray(from, from + 65_536))) await once(response, 'drain').catch(() => undefined)
    await sleep(25)
  }
  response.end()
}

const picture = (size: string) => ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=10:duration=60`]
const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=60']
const coded = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '40', '-c:a', 'aac']

/** A film of some megabytes: what it has too few of stands in a box that players pass over (ISO/IEC 14496-12, 8.1.2). */
async function makeFilm(dir: string): Promise<Buffer> {
  const path = join(dir, 'film.mp4')
  await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...picture('160x90'), ...sound, ...coded, path])
  const free = Buffer.alloc(12 * 1024 ** 2)
  free.writeUInt32BE(free.length)
  free.write('free', 4)
  return Buffer.concat([await readFile(path), free])
}

async function makeStream(dir: string): Promise<void> {
  const sizes = [
    { size: '640x360', lines: 360, bandwidth: 900_000 },
    { size: '426x240', lines: 240, bandwidth: 500_000 },
    { size: '256x144', lines: 144, bandwidth: 250_000 },
  ]
  const rate = (bandwidth: number) => [
    '-b:v',
    String(bandwidth - 60_000),
    '-maxrate',
    String(bandwidth),
    '-bufsize',
    '1M',
  ]
  for (const { size, lines, bandwidth } of sizes) {
    await mkdir(join(dir, String(lines)), { recursive: true })
    const hls = ['-hls_time', '4', '-hls_playlist_type', 'vod', 'index.m3u8']
    const args = [
      '-nostdin',
      '-v',
      'error',
      '-y',
      ...picture(size),
      ...sound,
      ...coded,
      ...rate(bandwidth),
      '-f',
      'hls',
      ...hls,
    ]
    await run('ffmpeg', args, { cwd: join(dir, String(lines)) })
  }
  const variants = sizes.map(
    ({ size, lines, bandwidth }) =>
      `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth},RESOLUTION=${size},FRAME-RATE=10,CODECS="avc1.42c00d,mp4a.40.2"\n${lines}/index.m3u8`,
  )
  await writeFile(join(dir, 'harbour.m3u8'), ['#EXTM3U', ...variants, ''].join('\n'))
}

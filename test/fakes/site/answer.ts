import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { misbehaves, type Behaviour } from './behaviour.ts'
import type { Content } from './content.ts'
import type { Counts } from './counts.ts'
import { send } from './send.ts'

/** Answers one request for a file as its behaviour says. */
export async function answerFile(
  behaviour: Behaviour,
  request: IncomingMessage,
  response: ServerResponse,
  counts: Counts,
  content: Content,
): Promise<void> {
  const nth = counts.requests
  const bad = misbehaves(behaviour, nth)
  response.on('error', () => undefined) // the other side left: what it saw is counted already
  if (refused(behaviour, counts, response)) return
  if (behaviour.number('latency')) await sleep(behaviour.number('latency'))
  if (turnedAway(behaviour, request, response, bad)) return

  const changed = nth >= (behaviour.number('changes') ?? Infinity)
  const seed = changed ? behaviour.seed + 1 : behaviour.seed
  const headers = headersOf(behaviour, seed)
  const range = rangeOf(behaviour, request, headers)
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'content-range': `bytes */${behaviour.bytes}` }).end()
    return
  }
  const { from, to } = range ?? { from: 0, to: behaviour.bytes }
  if (range) headers['content-range'] = contentRange(behaviour, from, to)
  if (behaviour.query.has('gzip')) return answerCompressed(behaviour, seed, headers, response, content)

  const short = bad ? (behaviour.number('short') ?? 0) : 0
  const length = behaviour.query.get('ranges') === 'short' && range ? Math.ceil((to - from) / 2) : to - from
  if (!behaviour.query.has('chunked') && behaviour.query.get('length') !== 'none')
    headers['content-length'] = String(length)
  if (behaviour.query.get('length') === 'none') response.shouldKeepAlive = false
  if (behaviour.query.get('length') === 'none') response.useChunkedEncodingByDefault = false
  const stop = bad ? Math.min(behaviour.number('drop') ?? Infinity, behaviour.number('stall') ?? Infinity) : Infinity
  if (behaviour.number('slowhead')) await slowHead(behaviour, response)
  response.writeHead(range ? 206 : 200, headers)
  response.flushHeaders()
  const offset = behaviour.query.get('ranges') === 'same' ? from : 0
  const end = Math.min(from + length - short, from + stop)
  const rate = behaviour.number('rate')
  const arrived = await send(response, content, { seed, from: from - offset, to: end - offset, rate }, counts)
  if (!arrived) return
  const long = bad ? (behaviour.number('long') ?? 0) : 0
  if (long > 0) response.socket?.write(Buffer.alloc(long, 0x58))
  if (bad && behaviour.query.has('stall') && from + stop < to) return // and nothing more, ever
  if (end < from + length) setTimeout(() => response.destroy(), 20) // after what was written has left
  else response.end()
}

function headersOf(behaviour: Behaviour, seed: number): Record<string, string> {
  const { query } = behaviour
  const headers: Record<string, string> = { 'content-type': query.get('type') ?? 'application/octet-stream' }
  const etag = `"${seed}-${behaviour.bytes}"`
  if (query.get('etag') !== 'none') headers['etag'] = query.get('etag') === 'weak' ? `W/${etag}` : etag
  if (query.get('modified') !== 'none') headers['last-modified'] = new Date(1e12 + seed * 1e6).toUTCString()
  if (query.get('ranges') !== 'off') headers['accept-ranges'] = 'bytes'
  if (query.has('disposition')) headers['content-disposition'] = query.get('disposition') ?? ''
  if (query.has('hugehead')) headers['x-huge'] = 'x'.repeat(behaviour.number('hugehead') ?? 0)
  return headers
}

function rangeOf(
  behaviour: Behaviour,
  request: IncomingMessage,
  headers: Record<string, string>,
): { from: number; to: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  if (!match || behaviour.query.get('ranges') === 'off') return undefined
  const condition = request.headers['if-range']
  // RFC 9110 13.1.5: only a strong validator holds; anything else gets the whole file.
  if (condition !== undefined && condition !== headers['etag'] && condition !== headers['last-modified'])
    return undefined
  if (condition?.startsWith('W/')) return undefined
  const from = Number(match[1])
  if (from >= behaviour.bytes) return 'unsatisfiable'
  const last = match[2] ? Number(match[2]) : behaviour.bytes - 1
  return { from, to: Math.min(behaviour.bytes, last + 1) }
}

function contentRange(behaviour: Behaviour, from: number, to: number): string {
  const lie = behaviour.query.get('ranges')
  const shift = lie === 'offset' ? 7 : 0
  const total = lie === 'total' && from > 0 ? behaviour.bytes + 1000 : behaviour.bytes
  return `bytes ${from + shift}-${to - 1 + shift}/${total + shift}`
}

function refused(behaviour: Behaviour, counts: Counts, response: ServerResponse): boolean {
  if (counts.open <= (behaviour.number('connections') ?? Infinity)) return false
  const how = behaviour.query.get('refuse') ?? '503'
  if (how === 'reset') response.socket?.resetAndDestroy()
  else response.writeHead(Number(how)).end()
  return true
}

function turnedAway(behaviour: Behaviour, request: IncomingMessage, response: ServerResponse, bad: boolean): boolean {
  const { query } = behaviour
  const auth = query.get('auth')
  if (auth !== null && request.headers.authorization !== `Basic ${Buffer.from(auth).toString('base64')}`) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="fake"' }).end()
    return true
  }
  const cookie = query.get('cookie')
  if (cookie !== null && !(request.headers.cookie ?? '').split('; ').includes(cookie)) {
    response.writeHead(403).end()
    return true
  }
  const redirects = behaviour.number('redirects') ?? 0
  if (redirects > 0) {
    const next = new URL(request.url ?? '/', 'http://x')
    next.searchParams.set('redirects', String(redirects - 1))
    response.writeHead(302, { location: next.pathname + next.search, 'set-cookie': `hop${redirects}=1; Path=/` }).end()
    return true
  }
  const fail = behaviour.number('fail')
  if (fail === undefined || !bad) return false
  const retryAfter = query.get('retryafter')
  response.writeHead(fail, retryAfter === null ? {} : { 'retry-after': retryAfter }).end()
  return true
}

function answerCompressed(
  behaviour: Behaviour,
  seed: number,
  headers: Record<string, string>,
  response: ServerResponse,
  content: Content,
): void {
  const pieces: Buffer[] = []
  for (let at = 0; at < behaviour.bytes; at += pieces.at(-1)?.length ?? 1) {
    pieces.push(content.slice(seed, at, behaviour.bytes))
  }
  const body = gzipSync(Buffer.concat(pieces), { level: 1 })
  delete headers['content-range']
  response.writeHead(200, { ...headers, 'content-encoding': 'gzip', 'content-length': String(body.length) }).end(body)
}

/** Informational answers, one by one: a head that is alive but does not come. */
async function slowHead(behaviour: Behaviour, response: ServerResponse): Promise<void> {
  for (let sent = 0; sent < 5 && !response.destroyed; sent += 1) {
    response.writeProcessing()
    await sleep(behaviour.number('slowhead'))
  }
}

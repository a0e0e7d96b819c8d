/**
 * How the fake site answers one path, read from the query of the link. Everything may be combined.
 *
 * | key | meaning |
 * |---|---|
 * | `seed=N` | other bytes |
 * | `etag=strong` (default), `weak`, `none` · `modified=none` | validators |
 * | `ranges=on` (default), `off` (200 to a range), `offset` (206 with a wrong Content-Range), `total` (a wrong total), `same` (206 as asked, but always the first bytes), `short` (fewer bytes than the range, said so) | truth about ranges |
 * | `rate=N` | bytes per second of each connection |
 * | `latency=MS` · `slowhead=MS` | wait before the answer · between the bytes of its head |
 * | `drop=N` · `stall=N` | cut the connection, or go silent, after N bytes of a body |
 * | `fail=STATUS` · `retryafter=TEXT` | answer with an error |
 * | `short=N` · `long=N` | send N bytes fewer or more than Content-Length says |
 * | `times=K` | `drop`, `stall`, `fail`, `short`, `long` only for the first K answers (0, the default: always) |
 * | `every=K` | … only for every K-th answer |
 * | `changes=K` | other bytes and validators from the K-th answer on |
 * | `gzip=1` | compressed although nobody asked |
 * | `chunked=1` · `length=none` | no Content-Length: chunked, or until the connection closes |
 * | `redirects=N` | N redirects first |
 * | `auth=USER:PASSWORD` · `cookie=NAME=VALUE` | who may have it |
 * | `disposition=TEXT` · `type=TEXT` | headers (`disposition` byte by byte as Latin-1) |
 * | `hugehead=N` | a header of N bytes |
 * | `connections=N` · `refuse=503` (default), `429`, `reset` | what becomes of more than N at a time |
 */
export interface Behaviour {
  readonly bytes: number
  readonly seed: number
  readonly query: URLSearchParams
  number(key: string): number | undefined
}

export function behaviourOf(url: URL, bytes: number): Behaviour {
  const query = url.searchParams
  return {
    bytes,
    seed: Number(query.get('seed') ?? 0),
    query,
    number(key) {
      const value = query.get(key)
      return value === null || !/^\d+$/.test(value) ? undefined : Number(value)
    },
  }
}

/** Whether the misbehaviour of this link applies to its `nth` answer (from 1). */
export function misbehaves(behaviour: Behaviour, nth: number): boolean {
  const times = behaviour.number('times') ?? 0
  const every = behaviour.number('every') ?? 0
  if (every > 0) return nth % every === 0
  return times === 0 || nth <= times
}

/**
 * `/flaky/<n>/<bytes>`: a family for tests with many jobs. What goes wrong depends on `n` only and heals after a few
 * answers, so that every job can end well; every 50th is gone for good.
 */
export function flakyQuery(n: number, bytes: number): string {
  const half = Math.floor(bytes / 2)
  if (n % 50 === 49) return 'fail=404'
  const ways = [
    'seed=0',
    `drop=${half}&times=3`,
    'fail=429&retryafter=1&times=2',
    'fail=500&times=2',
    `latency=200&rate=${Math.max(1024, bytes)}`,
    'fail=503&times=2',
    `ranges=off&drop=${half}&times=2`,
    'chunked=1',
  ]
  return `${ways[n % ways.length] ?? ''}&seed=${n % 7}`
}

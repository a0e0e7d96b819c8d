/** What the site saw of one path. `bytes` are body bytes handed to the socket. */
export interface Counts {
  requests: number
  open: number
  peak: number
  bytes: number
  /** The `Range` headers, in order; `''` for a request without one. */
  readonly ranges: string[]
  /** The headers of the last 100 requests. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>[]
}

export function noCounts(): Counts {
  return { requests: 0, open: 0, peak: 0, bytes: 0, ranges: [], headers: [] }
}

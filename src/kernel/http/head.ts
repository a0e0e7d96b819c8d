/** Nothing wrong, but nothing for the fast path either: the well-kept client takes it. */
export class Unusual extends Error {}

/** nginx and Apache send at most 8 KiB; whatever is larger is not read by this parser. */
export const mostHeadBytes = 64 * 1024

export interface Head {
  readonly status: number
  /** Lower-case names; a field that came twice is joined by a comma (RFC 9110 5.3). */
  readonly fields: ReadonlyMap<string, string>
  /** Where the body begins. */
  readonly length: number
}

/** Fields whose repetition is how requests are smuggled: twice is once too often. */
const single: ReadonlySet<string> = new Set([
  'content-length',
  'content-range',
  'content-encoding',
  'transfer-encoding',
  'etag',
  'last-modified',
])

/**
 * The head of an HTTP/1.1 answer (RFC 9112) at the start of `bytes`; undefined while it is incomplete. Deliberately
 * narrow: a folded line, a bare line feed, another version, a repeated length or any other oddity throws `Unusual`, and the
 * well-kept client looks at it instead.
 */
export function parseHead(bytes: Buffer): Head | undefined {
  const end = bytes.subarray(0, mostHeadBytes).indexOf('\r\n\r\n')
  if (end < 0) {
    if (bytes.length >= mostHeadBytes) throw new Unusual('a head of more than 64 KiB')
    if (bytes.length >= 9 && !bytes.subarray(0, 9).equals(version)) throw new Unusual('not HTTP/1.1')
    return undefined
  }
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const status = /^HTTP\/1\.1 ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/.exec(first)?.[1]
  if (status === undefined) throw new Unusual('an odd status line')
  const fields = new Map<string, string>()
  for (const line of lines) {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/.exec(line)
    const [name, value] = [match?.[1]?.toLowerCase(), match?.[2]]
    if (name === undefined || value === undefined) throw new Unusual('an odd header line')
    const before = fields.get(name)
    if (before !== undefined && single.has(name)) throw new Unusual(`${name} comes twice`)
    fields.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return { status: Number(status), fields, length: end + 4 }
}

const version = Buffer.from('HTTP/1.1 ')

/** A GET as bytes for the wire; one answer on each connection unless it `stays`. Throws `Unusual` for anything that would not be one plain line each. */
export function formatRequest(url: URL, headers: Readonly<Record<string, string>>, stays = false): Buffer {
  const lines = [`GET ${url.pathname}${url.search} HTTP/1.1`, `host: ${url.host}`]
  lines.push(`connection: ${stays ? 'keep-alive' : 'close'}`)
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
  if (lines.some((line) => !/^[\t\x20-\x7e\x80-\xff]*$/.test(line))) throw new Unusual('a line that cannot be sent')
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

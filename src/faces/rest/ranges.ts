/** What of a file is sent. `end` is inclusive, as on the wire. */
export type Answer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' }
  | { readonly kind: 'unmodified' }
  | { readonly kind: 'failed' }

export interface FileState {
  readonly size: number
  /** Strong, with quotes. */
  readonly etag: string
  /** Whole seconds. */
  readonly modified: Date
}

/** The request headers that decide, by lowercase name. */
export type Conditions = Readonly<Partial<Record<string, string | string[] | undefined>>>

/**
 * Evaluates preconditions and ranges in the order of RFC 9110 13.2.2. Of several ranges the whole file is sent, which
 * 14.2 allows; a range that cannot be read is ignored as if absent.
 */
export function choose(method: string, headers: Conditions, file: FileState): Answer {
  const get = (name: string) => (typeof headers[name] === 'string' ? headers[name] : undefined)
  const ifMatch = get('if-match')
  const unmodifiedSince = date(get('if-unmodified-since'))
  if (ifMatch !== undefined) {
    if (!lists(ifMatch, file.etag, 'strong')) return { kind: 'failed' }
  } else if (unmodifiedSince !== undefined && file.modified.getTime() > unmodifiedSince) return { kind: 'failed' }
  const ifNoneMatch = get('if-none-match')
  const modifiedSince = date(get('if-modified-since'))
  if (ifNoneMatch !== undefined) {
    if (lists(ifNoneMatch, file.etag, 'weak')) return { kind: 'unmodified' }
  } else if (modifiedSince !== undefined && file.modified.getTime() <= modifiedSince) return { kind: 'unmodified' }
  const range = get('range')
  if (method !== 'GET' || range === undefined || !stillHolds(get('if-range'), file)) return { kind: 'whole' }
  return parseRange(range, file.size)
}

/** One range of a `Range` header over `size` bytes. */
export function parseRange(header: string, size: number): Answer {
  const specs = /^bytes=(.+)$/i
    .exec(header.trim())?.[1]
    ?.split(',')
    .map((spec) => /^\s*(\d{0,15})-(\d{0,15})\s*$/.exec(spec))
  if (specs === undefined || specs.length !== 1) return { kind: 'whole' }
  const [, first = '', last = ''] = specs[0] ?? []
  if (first === '' && last === '') return { kind: 'whole' }
  if (first === '') {
    const suffix = Number(last)
    if (suffix === 0 || size === 0) return { kind: 'unsatisfiable' }
    return { kind: 'part', start: Math.max(0, size - suffix), end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return { kind: 'whole' }
  return start >= size ? { kind: 'unsatisfiable' } : { kind: 'part', start, end }
}

/** If-Range (RFC 9110 13.1.5): a strong tag, or exactly our date. Otherwise the whole file is sent. */
function stillHolds(ifRange: string | undefined, file: FileState): boolean {
  if (ifRange === undefined) return true
  return ifRange.includes('"') ? ifRange.trim() === file.etag : date(ifRange) === file.modified.getTime()
}

function lists(header: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (header.trim() === '*') return true
  return header.split(',').some((tag) => (comparison === 'weak' ? tag.trim().replace(/^W\//, '') : tag.trim()) === etag)
}

function date(header: string | undefined): number | undefined {
  const time = header === undefined ? Number.NaN : Date.parse(header)
  return Number.isNaN(time) ? undefined : time
}

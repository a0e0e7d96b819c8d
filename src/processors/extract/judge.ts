/** What an archive says of one thing in it. */
export interface Entry {
  readonly path: string
  readonly kind: 'file' | 'folder' | 'link' | 'other'
  /** Unpacked; undefined where only unpacking tells. */
  readonly bytes: number | undefined
  /** Where a link leads. */
  readonly target?: string | undefined
  readonly isEncrypted: boolean
}

export interface Limits {
  /** Files and folders, of all archives together. */
  readonly entries: number
  /** Unpacked bytes of all archives together. */
  readonly bytes: number
  /** Bytes of one file. */
  readonly fileBytes: number | undefined
  /** Unpacked bytes for each packed one, beyond the first 100 MiB. */
  readonly ratio: number
}

/** What has been unpacked by this step so far. */
export interface Spent {
  entries: number
  bytes: number
}

/** A few bytes of text unpack to a thousand times as much and harm nobody. */
const harmless = 100 * 1024 * 1024

/** Why so many bytes are too many, as a sentence's end; undefined when they are not. Pure. */
export function tooMuch(
  bytes: number,
  { packed, spent, limits }: { packed: number; spent: Spent; limits: Limits },
): string | undefined {
  if (spent.bytes + bytes > limits.bytes) return `it unpacks to more than ${limits.bytes} bytes`
  if (bytes > harmless && bytes > packed * limits.ratio) {
    return `it unpacks to more than ${limits.ratio} times its size, as archives do that are meant to fill the disk`
  }
  return undefined
}

/** Why one entry is not to be unpacked, as a sentence's end. Links are left out, not refused, while they stay inside. Pure. */
export function unsafeEntry(entry: Entry, limits: Limits): string | undefined {
  const shown = JSON.stringify(entry.path.slice(0, 100))
  const segments = entry.path.split(/[/\\]/)
  if (entry.path.includes('\0')) return `the name ${shown} has a NUL character`
  if (/^[/\\]|^[a-z]:/i.test(entry.path)) return `${shown} is an absolute path, which leads out of its folder`
  if (segments.includes('..')) return `${shown} leads out of its folder`
  // NAME_MAX and PATH_MAX of Linux, less what our own folders need.
  if (segments.some((segment) => Buffer.byteLength(segment) > 255)) return `the name ${shown}… has more than 255 bytes`
  if (Buffer.byteLength(entry.path) > 3000) return `the path ${shown}… has more than 3000 bytes`
  if (entry.kind === 'link' && entry.target !== undefined && climbs(entry.path, entry.target)) {
    return `the link ${shown} leads out of its folder`
  }
  if (limits.fileBytes !== undefined && (entry.bytes ?? 0) > limits.fileBytes) {
    return `${shown} has ${entry.bytes} bytes; at most ${limits.fileBytes} are allowed`
  }
  return undefined
}

/**
 * Why these entries are not to be unpacked together: a file that would be written through a link, in whatever order they
 * come. Pure.
 */
export function throughLink(entries: readonly Entry[]): string | undefined {
  const links = new Set(entries.filter(({ kind }) => kind === 'link').map(({ path }) => plain(path)))
  if (links.size === 0) return undefined
  for (const { path, kind } of entries) {
    const segments = plain(path).split('/')
    const most = kind === 'link' ? segments.length - 1 : segments.length
    for (let length = 1; length <= most; length++) {
      if (!links.has(segments.slice(0, length).join('/'))) continue
      return `${JSON.stringify(path.slice(0, 100))} would be written through a link`
    }
  }
  return undefined
}

/** One spelling for each path. */
function plain(path: string): string {
  return path
    .split(/[/\\]/)
    .filter((segment) => segment !== '' && segment !== '.')
    .join('/')
    .toLowerCase()
}

function climbs(path: string, target: string): boolean {
  if (/^[/\\]|^[a-z]:/i.test(target)) return true
  let depth = plain(path).split('/').length - 1
  for (const segment of target.split(/[/\\]/)) {
    if (segment === '..') depth--
    else if (segment !== '' && segment !== '.') depth++
    if (depth < 0) return true
  }
  return false
}

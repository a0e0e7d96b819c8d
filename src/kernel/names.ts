import { lstat, realpath } from 'node:fs/promises'
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'

/** NAME_MAX of ext4, xfs, btrfs, APFS and NTFS (which counts UTF-16 units, never more than the bytes of UTF-8). */
const nameBytes = 255

/**
 * One file name made of any text from outside, fit for every file system and still readable (`Part 1: the end` becomes
 * `Part 1 - the end`): no separators, no control or bidi characters, none of Windows' reserved characters and words, no leading dot or dash (a hidden file, an option),
 * no trailing dot or space, NFC, at most 255 bytes of UTF-8 with the extension kept, never empty. Idempotent.
 */
export function safeName(text: string, how: { fallback?: string } = {}): string {
  const name = clean(text) || clean(how.fallback ?? '') || 'file'
  return fit(reserved.test(name) ? `_${name}` : name, '')
}

/**
 * A relative path made of any text from outside: each segment passes `safeName`; empty, `.` and `..` segments and those
 * of which nothing is left are dropped, both slashes separate. Never empty, never absolute, never climbs.
 */
export function safePath(text: string, how: { fallback?: string } = {}): string {
  const segments = text.split(/[/\\]/).filter((segment) => clean(segment) !== '')
  return segments.length === 0 ? safeName('', how) : segments.map((segment) => safeName(segment)).join('/')
}

/** `name.tar.gz` with 2 becomes `name (2).tar.gz`; at most 255 bytes. The name is expected to be safe already. */
export function withNumber(name: string, number: number): string {
  return fit(name, ` (${number})`)
}

/** The name without its extension, and the extension with its dot. Compound ones (`.tar.gz`, `.part1.rar`) stay whole. */
export function splitName(name: string): { stem: string; extension: string } {
  const extension = (compound.exec(name) ?? simple.exec(name))?.[0] ?? ''
  return { stem: name.slice(0, name.length - extension.length), extension }
}

/**
 * Whether a path lies in a folder once every symbolic link on the way is followed. The path need not exist: the part
 * of it that does exist is resolved. A link that leads nowhere counts as outside. The folder must exist.
 */
export async function inside(root: string, path: string): Promise<boolean> {
  const top = await realpath(root)
  let existing = resolve(path)
  while (!(await exists(existing))) existing = dirname(existing)
  const real = await realpath(existing).catch(() => undefined)
  if (real === undefined) return false
  const way = relative(top, real)
  return way === '' || (!isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`))
}

// A volume of an archive keeps its number beside its kind: a program finds `x.7z.002` by the name of `x.7z.001`.
const compound = /(?<=.)\.(?:tar\.[a-z0-9]{1,5}|part\d{1,4}\.rar|(?:7z|zip|rar|tar)\.\d{2,4})$/i
const simple = /(?<=.)\.[a-z0-9_]{1,16}$/i

/** Device names of Windows, with or without an extension (Naming Files, Paths, and Namespaces: win32/fileio). */
const reserved = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:\.|$)/i

// Overrides, embeddings, isolates and marks turn `gpj.exe` into `exe.jpg` on a screen; the others are invisible.
// U+200C and U+200D stay: Persian and emoji need them.
// A question mark goes with them: Windows reserves it, and a title says the same without.
const unseen = /[?\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]/g
const separatorsAndReserved = /[/\\<>:|*]/g
/** What parts the words of a title: `Part 1: the end`, `Part 1 | the end`. */
const partings = / ?[:|/](?= \S)/g
const edges = /^[\s.-]+|[\s.]+$/gu

function clean(text: string): string {
  return text
    .toWellFormed()
    .replace(unseen, '')
    .normalize('NFC')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .replaceAll('"', "'")
    .replace(partings, ' -')
    .replace(separatorsAndReserved, '_')
    .replace(edges, '')
}

function fit(name: string, suffix: string): string {
  const { stem, extension } = splitName(name)
  const room = nameBytes - Buffer.byteLength(suffix) - Buffer.byteLength(extension)
  // Two spaces would stand where the stem ends in one, as in `a .gz`.
  if (Buffer.byteLength(stem) <= room) return `${suffix === '' ? stem : stem.trimEnd()}${suffix}${extension}`
  let kept = ''
  let bytes = 0
  // By grapheme, so that neither a surrogate pair nor a letter and its accent are torn apart.
  for (const { segment } of new Intl.Segmenter().segment(stem.slice(0, room))) {
    bytes += Buffer.byteLength(segment)
    if (bytes > room) break
    kept += segment
  }
  return `${kept.replace(/[\s.]+$/u, '') || '_'}${suffix}${extension}`
}

async function exists(path: string): Promise<boolean> {
  if (dirname(path) === path) return true
  return lstat(path).then(
    () => true,
    () => false,
  )
}

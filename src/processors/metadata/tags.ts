import type { MetadataOptions } from './options.ts'

const names = ['title', 'artist', 'album', 'date', 'genre', 'comment', 'description', 'track'] as const

/** Tags that are to be written, by the names that ffmpeg knows in every container. Empty ones are left as they are. */
export function tagsOf(options: MetadataOptions): readonly (readonly [string, string])[] {
  return names
    .map((name) => [name, valueOf(name, clean(String(options[name] ?? '')))] as const)
    .filter(([, value]) => value !== '')
}

/** Players know dates as years, months and days; sites write them in other ways too. */
function valueOf(name: (typeof names)[number], value: string): string {
  if (name !== 'date') return value
  const [, year, month, day] = /^(\d{4})(?:-?(\d{2})(?:-?(\d{2})(?:T.*)?)?)?$/.exec(value) ?? []
  return [year, month, day].filter((part) => part !== undefined).join('-')
}

/** Chapters (and tags too long for an argument) as ffmpeg reads them from a file. `seconds` is the length of it all. */
export function metadataFile(
  chapters: MetadataOptions['chapters'],
  seconds: number | undefined,
  tags: readonly (readonly [string, string])[] = [],
): string {
  const lines = tags.map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
  const sorted = (chapters ?? []).toSorted((a, b) => a.from - b.from)
  for (const [index, { title, from, to }] of sorted.entries()) {
    const [next] = sorted.slice(index + 1)
    const end = Math.max(from, Math.min(to ?? next?.from ?? seconds ?? from, next?.from ?? Number.POSITIVE_INFINITY))
    const times = [`START=${Math.round(from * 1000)}`, `END=${Math.round(end * 1000)}`]
    lines.push('[CHAPTER]', 'TIMEBASE=1/1000', ...times, `title=${escaped(clean(title))}`)
  }
  return `;FFMETADATA1\n${lines.join('\n')}\n`
}

/**
 * A cover as Vorbis comments have it: the picture block of FLAC (RFC 9639, section 8.8) in base64. Type 3 is the front cover;
 * sizes of zero say that the picture itself knows.
 */
export function pictureComment(picture: Uint8Array, type: string): readonly [string, string] {
  const mime = Buffer.from(type, 'ascii')
  const number = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return bytes
  }
  const zeros = Buffer.alloc(20)
  const block = [number(3), number(mime.length), mime, zeros, number(picture.length), picture]
  return ['METADATA_BLOCK_PICTURE', Buffer.concat(block).toString('base64')]
}

/** Line ends stay in descriptions; what else has no sign is not for tags, and an argument cannot have a NUL. */
function clean(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .trim()
}

function escaped(text: string): string {
  return text.replace(/[=;#\\\n]/g, '\\$&')
}

/** One thing to fetch, as a list names it. `title` becomes the name of the file. */
export interface ListLine {
  readonly number: number
  readonly link: string
  readonly title?: string
}

export interface BadLine {
  readonly number: number
  readonly says: string
}

/**
 * Reads a list: a link or `title: link` per line; blank lines and lines that begin with `#` are passed over. A title may
 * hold colons. Lines that are neither come back with their number, so that nothing is left out in silence. Pure.
 */
export function parseList(text: string): { lines: ListLine[]; bad: BadLine[] } {
  const lines: ListLine[] = []
  const bad: BadLine[] = []
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = raw.trim()
    const number = index + 1
    if (line === '' || line.startsWith('#')) continue
    const parsed = parseLine(line)
    if (parsed === undefined) bad.push({ number, says: 'there is no link in it' })
    else if (parsed.link.length > 8192) bad.push({ number, says: 'the link is longer than 8192 characters' })
    else if (parsed.title !== undefined && parsed.title.length > 255) {
      bad.push({ number, says: 'the title is longer than 255 characters' })
    } else lines.push({ number, ...parsed })
  }
  return { lines, bad }
}

function parseLine(line: string): { link: string; title?: string } | undefined {
  // The shortest title after which a link with a scheme fills the rest of the line.
  const full = /^(?:(.*?)\s*:\s*)?((?:[a-z][a-z0-9+.-]*:\/\/|magnet:\?)\S+)$/i.exec(line)
  // Without a scheme (example.org/file): the link is the last word, and a title ends with a colon and a space.
  const bare = full ?? /^(?:(.*?)\s*:\s+)?([^\s:]+[./:]\S*)$/.exec(line)
  const link = bare?.[2]
  if (bare === null || link === undefined) return undefined
  return bare[1] ? { link, title: bare[1] } : { link }
}

import { parse } from 'content-disposition'
import { splitName } from '#kernel/names.ts'

/**
 * The name a person would give the file: Content-Disposition (RFC 6266, 8187), else the last segment of the path that
 * was asked for or led to, else the host. Without folders and control characters; not yet fit for a file system.
 */
export function nameFrom(disposition: string | null, final: URL, asked: URL, type: string | undefined): string {
  const said = disposition === null ? undefined : nameOfDisposition(disposition)
  if (said) return said
  const isPage = type === 'text/html' || type === 'application/xhtml+xml'
  const [first, second] = [segment(asked), segment(final)]
  // A redirector's own name ("download.php") says less than where it leads ("film.mkv").
  const name = extension(first) || !extension(second) ? first || second : second
  if (isPage) return name === '' ? 'index.html' : /\.x?html?$/i.test(name) ? name : `${name}.html`
  return name || final.hostname
}

/** The name that was asked for; without an extension of its own it gets the one of the name that was found. */
export function named(asked: string | undefined, found: string): string {
  if (asked === undefined) return found
  const { extension: own } = splitName(asked)
  return own === '' ? `${asked}${splitName(found).extension}` : asked
}

/** The last segment of the path, decoded; the host when there is none. */
export function nameOfUrl(url: URL): string {
  return segment(url) || url.hostname
}

function nameOfDisposition(header: string): string | undefined {
  try {
    const name = parse(header).parameters['filename']
    return name === undefined ? undefined : clean(asUtf8(name))
  } catch {
    // Not RFC 6266, but what many servers send: an unquoted name with blanks or raw UTF-8 in it.
    const loose = /filename\s*=\s*("(?:[^"\\]|\\.)*"|[^;]+)/i.exec(header)?.[1]
    return loose === undefined ? undefined : clean(asUtf8(loose.trim().replace(/^"|"$/g, '').replace(/\\(.)/g, '$1')))
  }
}

/** Header bytes arrive as Latin-1; servers that send raw UTF-8 are told by it decoding without a fault. */
function asUtf8(text: string): string {
  if (!/[\x80-\xff]/.test(text) || /[\u0100-\uffff]/.test(text)) return text
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'))
  } catch {
    return text // Latin-1 it is
  }
}

function segment(url: URL): string {
  const raw = url.pathname.split('/').findLast((part) => part !== '') ?? ''
  if (url.pathname.endsWith('/') && url.protocol.startsWith('http') && !extension(raw)) return ''
  try {
    return clean(decodeURIComponent(raw))
  } catch {
    return clean(raw)
  }
}

function extension(name: string): string {
  return /\.([a-z0-9]{1,8})$/i.exec(name)?.[1] ?? ''
}

function clean(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? ''
  const printable = last.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '').trim()
  return printable === '.' || printable === '..' ? '' : printable.slice(0, 255)
}

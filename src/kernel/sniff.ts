import { splitName } from './names.ts'

const unknownType = 'application/octet-stream'

/**
 * The media type of a file by its content, and by the extension of its name where the content does not say: text has no
 * mark of its own, and some formats are an archive or XML inside. `application/octet-stream` when nobody knows.
 */
export async function sniffFile(path: string, name: string = path): Promise<string> {
  const { fileTypeFromFile } = await types()
  return decide((await fileTypeFromFile(path))?.mime, name)
}

/** The same for the first bytes of something that is still on its way: 4,100 bytes are enough for most formats. */
export async function sniffHead(head: Uint8Array, name: string): Promise<string> {
  return decide((await typeOfHead(head))?.mime, name)
}

/** Media type and usual extension by the first bytes alone, if they tell. A broken head is no reason to lose a file. */
export async function typeOfHead(head: Uint8Array): Promise<{ mime: string; ext: string } | undefined> {
  const { fileTypeFromBuffer } = await types()
  return await fileTypeFromBuffer(head).catch(() => undefined)
}

/** Loaded by the first file: it costs a command that only asks 70 ms. */
const types = () => import('file-type')

/** The media type that an extension stands for, if we know it. */
export function typeOfName(name: string): string | undefined {
  const { extension } = splitName(name)
  const last = extension.slice(extension.lastIndexOf('.') + 1).toLowerCase()
  return Object.hasOwn(byExtension, last) ? byExtension[last] : undefined
}

/** Whether a type is audio, video or a picture. */
export function isMedia(type: string): boolean {
  return /^(?:audio|video|image)\//.test(type)
}

function decide(content: string | undefined, name: string): string {
  const named = typeOfName(name)
  if (content === undefined) return named !== undefined && marked.test(named) ? unknownType : (named ?? unknownType)
  return named !== undefined && isInside(named, content) ? named : content
}

/** Formats whose content always has a mark: a text that is called `.mp4` is not a video. */
const marked = /^(?:audio|video|image)\/(?!svg|mp2t|vnd\.dlna|mpeg)|^application\/(?:zip|gzip|pdf|x-7z|vnd\.rar)/

/** Whether a format is one that the other only wraps: `.cbz` is a zip, `.svg` is XML. */
function isInside(named: string, content: string): boolean {
  if (content === 'application/zip') return /\+zip$|java-archive|android/.test(named)
  if (content === 'application/vnd.rar' || content === 'application/x-rar-compressed') return named.endsWith('-rar')
  if (content === 'application/xml') return /\+xml$|xml/.test(named)
  if (content === 'application/x-cfb') return /^application\/(?:msword|vnd\.ms-)/.test(named)
  return false
}

/** What content does not tell, or not reliably. Names of the IANA registry, or those in common use. */
const byExtension: Readonly<Record<string, string>> = {
  '3gp': 'video/3gpp',
  '7z': 'application/x-7z-compressed',
  aac: 'audio/aac',
  apk: 'application/vnd.android.package-archive',
  ass: 'text/x-ssa',
  avi: 'video/vnd.avi',
  avif: 'image/avif',
  bmp: 'image/bmp',
  bz2: 'application/x-bzip2',
  cbr: 'application/vnd.comicbook-rar',
  cbz: 'application/vnd.comicbook+zip',
  css: 'text/css',
  csv: 'text/csv',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  epub: 'application/epub+zip',
  flac: 'audio/flac',
  flv: 'video/x-flv',
  gif: 'image/gif',
  gz: 'application/gzip',
  heic: 'image/heic',
  htm: 'text/html',
  html: 'text/html',
  iso: 'application/x-iso9660-image',
  jar: 'application/java-archive',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  js: 'text/javascript',
  json: 'application/json',
  m3u: 'audio/x-mpegurl',
  m3u8: 'application/vnd.apple.mpegurl',
  m4a: 'audio/mp4',
  m2ts: 'video/mp2t',
  m4v: 'video/mp4',
  md: 'text/markdown',
  metalink: 'application/metalink+xml',
  mka: 'audio/matroska',
  mkv: 'video/matroska',
  mov: 'video/quicktime',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  mpd: 'application/dash+xml',
  mpeg: 'video/mpeg',
  mpg: 'video/mpeg',
  mts: 'video/mp2t',
  nfo: 'text/plain',
  oga: 'audio/ogg',
  ogg: 'audio/ogg',
  ogv: 'video/ogg',
  opus: 'audio/ogg',
  pdf: 'application/pdf',
  png: 'image/png',
  rar: 'application/vnd.rar',
  rss: 'application/rss+xml',
  srt: 'application/x-subrip',
  ssa: 'text/x-ssa',
  svg: 'image/svg+xml',
  tar: 'application/x-tar',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  torrent: 'application/x-bittorrent',
  ts: 'video/mp2t',
  txt: 'text/plain',
  vob: 'video/mpeg',
  vtt: 'text/vtt',
  wav: 'audio/wav',
  webm: 'video/webm',
  webp: 'image/webp',
  wma: 'audio/x-ms-wma',
  wmv: 'video/x-ms-wmv',
  xls: 'application/vnd.ms-excel',
  xml: 'application/xml',
  xz: 'application/x-xz',
  zip: 'application/zip',
  zst: 'application/zstd',
}

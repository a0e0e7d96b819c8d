import type { Choice } from '@jackdaw/contract/nouns/media.ts'
import type { Format, Info } from './info.ts'
import { extensionOf, isSound, partOf, type PartOf } from './part.ts'

/** A choice holds at most so many of these; extractors with more repeat themselves. */
const mostChoices = 500

/**
 * Every way to have the media, best first: pictures with their sound in them, pictures with the sound that fits them best,
 * then sound alone. At equal size and speed the one that plays everywhere comes first. Storyboards are no choice, nor is
 * what is encrypted with keys that are sold. Pure.
 */
export function choicesOf(info: Info, languages: readonly string[], of: PartOf): Choice[] {
  const formats = info.formats.filter((format) => isMedia(format))
  const sounds = formats.filter((format) => isSound(format))
  const pictures = formats.filter((format) => !isSound(format))
  const order = new Map(formats.map((format, at) => [format, at]))
  const byOrder = (a: Format, b: Format) => (order.get(b) ?? 0) - (order.get(a) ?? 0)
  const choices = [
    ...pictures
      .toSorted((a, b) => pictureOrder(a, b) || byOrder(a, b))
      .map((picture) => {
        const sound = hasSound(picture) ? undefined : soundFor(picture, sounds, languages, byOrder)
        return choice([picture, ...(sound ? [sound] : [])], info, of)
      }),
    ...sounds
      .toSorted(
        (a, b) => languageRank(a, languages) - languageRank(b, languages) || liking(b) - liking(a) || byOrder(a, b),
      )
      .map((sound) => choice([sound], info, of)),
  ]
  const seen = new Set<string>()
  return choices.filter(({ id }) => !seen.has(id) && seen.add(id)).slice(0, mostChoices)
}

function isMedia(format: Format): boolean {
  if (format.has_drm === true || format.protocol === 'mhtml' || format.ext === 'mhtml') return false
  return format.vcodec !== 'none' || format.acodec !== 'none'
}

/** Where an extractor does not say, there usually is sound. */
function hasSound({ acodec }: Format): boolean {
  return acodec !== 'none'
}

function pictureOrder(a: Format, b: Format): number {
  return (
    lines(b) - lines(a) ||
    Math.round(b.fps ?? 0) - Math.round(a.fps ?? 0) ||
    Number(isWide(a)) - Number(isWide(b)) ||
    strangeness(a) - strangeness(b) ||
    // A file that can be had in pieces at will before a stream of segments.
    Number(isStream(a)) - Number(isStream(b))
  )
}

function lines({ width, height }: Format): number {
  return width && height ? Math.min(width, height) : (height ?? 0)
}

/** A picture of more colours looks grey where it cannot be shown. */
function isWide({ dynamic_range: range }: Format): boolean {
  return range !== null && range !== undefined && range !== 'SDR'
}

/** How many places there are where it does not play: H.264 plays everywhere. */
function strangeness({ vcodec }: Format): number {
  if (!vcodec) return 1
  return lookUp({ h264: 0, vp9: 2, av1: 3, hevc: 4, vp8: 2 }, codecName(vcodec)) ?? 5
}

function isStream({ protocol }: Format): boolean {
  return protocol !== 'http' && protocol !== 'https'
}

/** The best sound in the wanted language; of equal languages one that goes into the same container without a change. */
function soundFor(
  picture: Format,
  sounds: readonly Format[],
  languages: readonly string[],
  byOrder: (a: Format, b: Format) => number,
): Format | undefined {
  return sounds.toSorted(
    (a, b) =>
      languageRank(a, languages) - languageRank(b, languages) ||
      liking(b) - liking(a) ||
      Number(fits(picture, b)) - Number(fits(picture, a)) ||
      byOrder(a, b),
  )[0]
}

/** Place in the list of wanted languages; those that nobody named come after. */
function languageRank({ language }: Format, languages: readonly string[]): number {
  const has = language?.toLowerCase().replace('_', '-') ?? ''
  const at = languages
    .map((one) => one.toLowerCase().replace('_', '-'))
    .findIndex((one) => has === one || has.startsWith(`${one}-`))
  return at < 0 ? languages.length : at
}

/** The language that the media was made in has the highest number. */
function liking({ language_preference: number }: Format): number {
  return number ?? -1
}

const families: Readonly<Record<string, string>> = { mp4: 'mp4', m4a: 'mp4', m4v: 'mp4', webm: 'webm', weba: 'webm' }

function fits(picture: Format, sound: Format): boolean {
  const family = lookUp(families, picture.ext)
  return family !== undefined && family === lookUp(families, sound.ext)
}

function choice(formats: readonly [Format, ...Format[]] | Format[], info: Info, of: PartOf): Choice {
  const [first, second] = formats
  if (first === undefined) throw new Error('a choice is made of at least one format')
  const sound = isSound(first) ? first : hasSound(first) ? first : second
  const size = sizeOf(formats, info.duration)
  const bitrate = sum(formats.map(({ tbr }) => tbr ?? undefined))
  const language = (second ?? first).language
  const videoCodec = isSound(first) ? undefined : codecName(first.vcodec)
  const audioCodec = codecName(sound?.acodec)
  const container = containerOf(first, second)
  const [width, height] = [whole(first.width), whole(first.height)]
  return {
    id: formats.map(({ format_id: id }) => id).join('+'),
    kind: isSound(first) ? 'audio' : 'video',
    label: labelOf(first, { videoCodec, audioCodec, language, container }),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(positive(first.fps) && { framesPerSecond: first.fps ?? 0 }),
    ...(bitrate !== undefined && { bitrate: Math.round(bitrate * 1000) }),
    ...size,
    ...(language && { language: language.slice(0, 40) }),
    ...(videoCodec !== undefined && { videoCodec }),
    ...(audioCodec !== undefined && { audioCodec }),
    ...(container !== undefined && { container }),
    parts: formats.map((format) => partOf(format, of)),
  }
}

function labelOf(
  format: Format,
  { videoCodec, audioCodec, language, container }: Record<string, string | null | undefined>,
): string {
  const fps = positive(format.fps) && Math.round(format.fps ?? 0) > 30 ? String(Math.round(format.fps ?? 0)) : ''
  const size = isSound(format) ? 'sound' : positive(format.height) ? `${lines(format)}p${fps}` : 'picture'
  const kbit = isSound(format) && positive(format.tbr) ? `${Math.round(format.tbr ?? 0)}k` : ''
  const codecs = [videoCodec, audioCodec].filter(Boolean).join(' + ') || container
  const range = isWide(format) ? format.dynamic_range : ''
  return [size, range, codecs, kbit, language].filter(Boolean).join(' ').slice(0, 200)
}

function containerOf(picture: Format, sound: Format | undefined): string | undefined {
  const own = extensionOf(picture.ext)
  if (sound === undefined) return own
  return fits(picture, sound) ? lookUp(families, picture.ext) : 'mkv'
}

function sizeOf(
  formats: readonly Format[],
  duration: number | null | undefined,
): { bytes?: number; isEstimate?: true } {
  const exact = sum(formats.map(({ filesize }) => filesize ?? undefined))
  if (exact !== undefined && Number.isSafeInteger(Math.round(exact))) return { bytes: Math.round(exact) }
  const about = sum(
    formats.map((one) => {
      const known = one.filesize ?? one.filesize_approx
      return (
        known ?? (positive(one.tbr) && positive(duration) ? ((one.tbr ?? 0) * 1000 * (duration ?? 0)) / 8 : undefined)
      )
    }),
  )
  const bytes = about === undefined ? Number.NaN : Math.round(about)
  return Number.isSafeInteger(bytes) ? { bytes, isEstimate: true } : {}
}

/** Undefined as soon as one is. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce(
    (total, value) => (total === undefined || value === undefined || !(value >= 0) ? undefined : total + value),
    0,
  )
}

function positive(value: number | null | undefined): boolean {
  return value !== null && value !== undefined && Number.isFinite(value) && value > 0
}

/** A number of lines or columns as it can be stored. */
function whole(value: number | null | undefined): number | undefined {
  const rounded = Math.round(value ?? 0)
  return Number.isSafeInteger(rounded) && rounded > 0 ? rounded : undefined
}

/** What a table has under a word of a site: `constructor` is none of its words. */
function lookUp<T>(table: Readonly<Record<string, T>>, word: string | null | undefined): T | undefined {
  return word !== null && word !== undefined && Object.hasOwn(table, word) ? table[word] : undefined
}

/** `avc1.64001F` is h264. */
export function codecName(codec: string | null | undefined): string | undefined {
  if (!codec || codec === 'none') return undefined
  const word = codec.toLowerCase().split('.')[0] ?? ''
  if (/^mp4a\.(?:6b|69)/i.test(codec)) return 'mp3'
  return /^[a-z0-9_-]{1,20}$/.test(word) ? (lookUp(codecs, word) ?? word) : undefined
}

const codecs: Readonly<Record<string, string>> = {
  avc1: 'h264',
  avc3: 'h264',
  hev1: 'hevc',
  hvc1: 'hevc',
  h265: 'hevc',
  dvh1: 'hevc',
  dvhe: 'hevc',
  vp09: 'vp9',
  vp08: 'vp8',
  av01: 'av1',
  mp4a: 'aac',
  'ec-3': 'eac3',
  'ac-3': 'ac3',
}

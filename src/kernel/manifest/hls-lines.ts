import { Fault } from '@jackdaw/contract/faults.ts'

/** What is left of a playlist once everything is gone by which the library could be hurt or led astray. */
export interface Lines {
  readonly lines: readonly string[]
  /** Attribute lists of EXT-X-MEDIA. */
  readonly media: readonly string[]
  readonly isMaster: boolean
  /** Addresses: segments, or variants. */
  readonly segments: number
}

/** 200,000 segments with long addresses have 30 MiB. */
export const mostBytes = 32 * 1024 * 1024
/** An address of 8,192 letters and its tag fit; what is longer is there to keep a parser busy. */
const longestLine = 16_384
/** Bytes to which all variables together may grow a playlist. */
const mostGrown = 64 * 1024 * 1024
const mostDefinitions = 100

/** Tags by which nothing can be fetched are left out. */
const plain =
  /^#(?:EXTM3U|EXTINF|EXT-X-(?:TARGETDURATION|MEDIA-SEQUENCE|DISCONTINUITY-SEQUENCE|ENDLIST|DISCONTINUITY|BYTERANGE|GAP|VERSION))(?![A-Z-])/
const listed = /^#EXT-X-(STREAM-INF|KEY|MAP|DEFINE):/
/** One key and its value; anchored, and no two ways to read anything, so that its time grows with the length only. */
const attribute = /\s*([^\s=",]{1,100})\s*=(?:\s*"([^"]*)"\s*|([^",]*))(?:,|$)/y

/**
 * Looks at each line before m3u8-parser sees it, because that library (7.2.0)
 * - lets `EXT-X-MEDIA` write to Object.prototype (TYPE or GROUP-ID `__proto__`) and forgets renditions of equal name:
 *   those are read here;
 * - takes quadratic time for attribute lists that are none, and for date ranges, parts and rendition reports;
 * - fails on a short IV, and passes over keys of protection systems as if the segments were in the clear.
 */
export function forLibrary(text: string): Lines {
  if (text.length > mostBytes) throw malformed(`it is larger than ${mostBytes} bytes`)
  const lines: string[] = []
  const media: string[] = []
  let [segments, definitions, longest, uses, isMaster] = [0, 0, 0, 0, false]
  for (const raw of text.replace(/^\uFEFF/, '').split(/[\r\n]+/)) {
    const line = raw.trim()
    if (line === '') continue
    if (lines.length === 0 && !line.startsWith('#EXTM3U')) throw other()
    if (line.includes('{$')) uses += line.split('{$').length - 1
    if (line.length > longestLine && (line[0] !== '#' || line.startsWith('#EXT'))) throw malformed('a line is too long')
    if (line[0] !== '#') {
      segments += 1
      lines.push(line)
    } else if (plain.test(line)) lines.push(line)
    else if (line.startsWith('#EXT-X-MEDIA:')) media.push(line.slice('#EXT-X-MEDIA:'.length))
    else {
      const tag = listed.exec(line)?.[1]
      if (tag === undefined) continue
      const attributes = attributesOf(line.slice(line.indexOf(':') + 1))
      isMaster ||= tag === 'STREAM-INF'
      if (tag === 'DEFINE') {
        definitions += 1
        longest = Math.max(longest, line.length)
      }
      lines.push(tag === 'KEY' ? keyLine(attributes) : `#EXT-X-${tag}:${written(attributes)}`)
    }
  }
  if (lines.length === 0) throw other()
  if (definitions > mostDefinitions || (definitions > 0 && uses * longest > mostGrown))
    throw malformed('its variables grow without end')
  if (media.length > 10_000) throw malformed('it lists too many renditions')
  return { lines, media, isMaster, segments }
}

export type Attributes = ReadonlyMap<string, string>

/** An attribute list (RFC 8216, 4.2), with variables filled in. Throws `source.malformed` where it is none. */
export function attributesOf(list: string, definitions: Readonly<Record<string, string>> = {}): Attributes {
  const found = new Map<string, string>()
  attribute.lastIndex = 0
  while (attribute.lastIndex < list.length) {
    const match = attribute.exec(list)
    if (match === null) throw malformed('an attribute list is none')
    const value = (match[2] ?? match[3] ?? '').trim()
    const filled = value.replace(/\{\$([\w-]+)\}/g, (whole, name: string) =>
      Object.hasOwn(definitions, name) ? (definitions[name] ?? whole) : whole,
    )
    found.set(match[1] ?? '', filled)
  }
  return found
}

function written(attributes: Attributes): string {
  const bare = /^[\w.x-]+$/
  return [...attributes].map(([name, value]) => `${name}=${bare.test(value) ? value : `"${value}"`}`).join(',')
}

function keyLine(attributes: Attributes): string {
  const method = attributes.get('METHOD') ?? 'NONE'
  if (method === 'NONE') return '#EXT-X-KEY:METHOD=NONE'
  const format = attributes.get('KEYFORMAT') ?? 'identity'
  if (method !== 'AES-128' || format !== 'identity') {
    throw new Fault('source.protected', { reason: method === 'AES-128' ? format.slice(0, 100) : method.slice(0, 40) })
  }
  const uri = attributes.get('URI')
  if (uri === undefined || uri === '') throw malformed('a key has no address')
  const given = attributes.get('IV')
  if (given === undefined) return `#EXT-X-KEY:METHOD=AES-128,URI="${uri}"`
  const iv = /^0x([0-9a-f]{1,32})$/i.exec(given)?.[1]
  if (iv === undefined) throw malformed('the IV of a key is not one')
  return `#EXT-X-KEY:METHOD=AES-128,URI="${uri}",IV=0x${iv.padStart(32, '0')}`
}

function malformed(reason: string): Fault {
  return new Fault('source.malformed', { reason })
}

/** Something else altogether: another source may know it. */
function other(): Fault {
  return new Fault('source.malformed', { reason: 'it is no HLS playlist', isOther: true })
}

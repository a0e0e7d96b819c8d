import { readAll, type Asking } from '../http/read.ts'
import { mostCharacters, readMpd, type DashManifest } from './dash.ts'

/** What came from an address: the manifest, where it came from in the end, and whether it is XML of that kind at all. */
export interface FetchedMpd {
  readonly url: URL
  readonly type: string
  /** Reads it. Throws `source.malformed` and `source.not-yet`. */
  manifest(): DashManifest
  /** Whether this may be a manifest. A page that says "not found" is not a manifest that is broken. */
  readonly isMpd: boolean
}

/** Asks for a DASH manifest. Faults: those of `readAll`. */
export async function fetchMpd(asking: Asking, address: string): Promise<FetchedMpd> {
  const { bytes, url, type } = await readAll(asking, address, undefined, mostCharacters)
  const text = decode(bytes)
  const isMpd = /<(?:\w+:)?MPD[\s>/]/.test(text.slice(0, 64 * 1024))
  return { url, type, isMpd, manifest: () => readMpd(text, url, Date.now()) }
}

/** UTF-8 unless the first bytes say UTF-16 (XML 1.0, appendix F). */
function decode(bytes: Buffer): string {
  const [first, second] = bytes
  const isWide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  return new TextDecoder(isWide ? (first === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8').decode(bytes)
}

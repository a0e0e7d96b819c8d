import { childOf, malformed, type Element } from './xml.ts'

/** Longer than any recording: a year. What says more is no duration but an attack on our arithmetic. */
const longestSeconds = 366 * 86_400

/** Addresses that servers and proxies still take. */
const longestAddress = 8192

/** Seconds of an XML duration (`PT1H2M3.5S`), undefined when there is none. Throws `source.malformed`. */
export function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const match =
    /^\s*P(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{0,12}(?:\.\d{0,30})?)S)?)?\s*$/.exec(
      text,
    )
  if (match === null) throw malformed(`${JSON.stringify(text.slice(0, 40))} is no duration`)
  const each = [365 * 86_400, 30 * 86_400, 86_400, 3600, 60, 1]
  const seconds = each.reduce((sum, unit, index) => sum + unit * Number(match[index + 1] || 0), 0)
  if (!(seconds <= longestSeconds)) throw malformed('it claims to be longer than a year')
  return seconds
}

/** Milliseconds of a date; without a zone it is UTC (ISO/IEC 23009-1). */
export function momentOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const at = Date.parse(/T[\d:.]+$/.test(text) ? `${text}Z` : text)
  return Number.isNaN(at) ? undefined : at
}

/** A whole number above zero, or undefined: what it describes is for people and not worth a fault. */
export function amount(text: string | undefined): number | undefined {
  const value = Number(text?.trim() || Number.NaN)
  return Number.isSafeInteger(value) && value > 0 ? value : undefined
}

/** `30`, `30000/1001`. */
export function ratio(text: string | undefined): number | undefined {
  const [over = '', under = '1'] = (text ?? '').split('/')
  const value = Number(over || Number.NaN) / Number(under)
  return Number.isFinite(value) && value > 0 && value < 1000 ? Math.round(value * 1000) / 1000 : undefined
}

/** A count or a time in a manifest's own units, which may be above 2^53. Throws `source.malformed`. */
export function units(text: string | undefined, name: string): bigint | undefined {
  if (text === undefined) return undefined
  if (!/^\s*\d{1,19}\s*$/.test(text)) throw malformed(`${name} is ${JSON.stringify(text.slice(0, 40))}`)
  return BigInt(text.trim())
}

/** The address that those inside an element are relative to. Of several, which are mirrors, the first. */
export function baseOf(element: Element, outer: URL): URL {
  const said = childOf(element, 'BaseURL')?.text.trim()
  return said ? address(said, outer) : outer
}

/** Throws `source.malformed` for what is no web address. */
export function address(said: string, base: URL): URL {
  const url = said.length > longestAddress ? null : URL.parse(said, base)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.href.length > longestAddress) {
    throw malformed(`${JSON.stringify(said.slice(0, 60))} is no web address`)
  }
  return url
}

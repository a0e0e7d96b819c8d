import { childrenOf, type Element } from './xml.ts'

/** How a representation is encrypted (ISO/IEC 23009-1, section 5.8.4.1). */
export interface Protection {
  /** `cenc`, `cbcs` …, when the manifest says so. */
  readonly scheme?: string | undefined
  /** Ids of its keys: 32 small hex digits each. */
  readonly kids: readonly string[]
  /** Systems that sell keys, for people: `Widevine`. */
  readonly systems: readonly string[]
}

const systems: Readonly<Record<string, string>> = {
  'edef8ba9-79d6-4ace-a3c8-27dcd51d21ed': 'Widevine',
  '9a04f079-9840-4286-ab92-e65be0885f95': 'PlayReady',
  '94ce86fb-07ff-4f43-adb8-93d2fa968ca2': 'FairPlay',
  'f239e769-efa3-4850-9c16-a903c6932efb': 'Primetime',
  '1077efec-c0b2-4d02-ace3-3c1e52e2fb4b': 'ClearKey',
  'e2719d58-a985-b3c9-781a-b030af78d30e': 'ClearKey',
}

/** From the outermost element to the representation; undefined when none of them says that it is encrypted. */
export function protectionOf(levels: readonly Element[]): Protection | undefined {
  const found = levels.flatMap((level) => childrenOf(level, 'ContentProtection'))
  if (found.length === 0) return undefined
  const scheme = (element: Element) => element.attributes.get('schemeIdUri')?.trim().toLowerCase() ?? ''
  const mp4 = found.findLast((element) => scheme(element) === 'urn:mpeg:dash:mp4protection:2011')
  const kids = found
    .map((element) => (element.attributes.get('default_KID') ?? '').replaceAll('-', '').toLowerCase())
    .filter((kid) => /^[0-9a-f]{32}$/.test(kid))
  const names = found.map((element) => systems[scheme(element).replace(/^urn:uuid:/, '')])
  return {
    scheme: mp4?.attributes.get('value')?.toLowerCase().slice(0, 10),
    kids: [...new Set(kids)],
    systems: [...new Set(names.filter((name) => name !== undefined))],
  }
}

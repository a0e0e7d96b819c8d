import ipaddr from 'ipaddr.js'
import { Fault } from '@jackdaw/contract/faults.ts'

/** Says which addresses may be connected to. */
export interface Policy {
  /** `link.private` when the address may not be reached, `link.invalid` when it is no address. Any spelling is understood. */
  check(address: string): Fault | undefined
}

/** What a host is: an address in its canonical spelling, or a name that has to be looked up. */
export type Host =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'name'; readonly name: string }

/**
 * Refuses every address that is not globally reachable, except those in `allow` (CIDRs or single addresses).
 * Throws `input.config` when an entry of `allow` cannot be read.
 */
export function policy(options: { allow: readonly string[] }): Policy {
  const allowed = options.allow.map(parseRange)
  return {
    check(text) {
      const address = parseAddress(text)
      if (!address) return new Fault('link.invalid', { reason: 'the address cannot be read' })
      if (allowed.some((range) => contains(range, address))) return undefined
      const why = refusal(address)
      return why === undefined ? undefined : new Fault('link.private', { address: address.toString(), range: why })
    },
  }
}

/**
 * Reads a host as browsers do (WHATWG URL, "host parsing"): `2130706433`, `0x7f.1`, `127.1`, `0177.0.0.1`, full-width
 * digits and percent-escapes are addresses; a host that ends in a number and is no address is `link.invalid`.
 */
export function parseHost(host: string): Host {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  const literal = bare.includes(':') ? parseAddress(bare) : undefined
  if (literal) return { kind: 'address', address: literal.toString() }
  if (bare === '' || /[\s/?#@\\:[\]]/.test(bare)) throw invalid()
  const name = URL.parse(`http://${bare}/`)?.hostname
  if (!name) throw invalid()
  const address = ipaddr.IPv4.isValidFourPartDecimal(name) ? parseAddress(name) : undefined
  return address ? { kind: 'address', address: address.toString() } : { kind: 'name', name: name.replace(/\.$/, '') }
}

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Range = readonly [Address, number]

const invalid = (): Fault => new Fault('link.invalid', { reason: 'the host name cannot be read' })

/** Also understands zone ids and brackets; IPv4-mapped addresses come out as IPv4, which is what the kernel connects to. */
function parseAddress(text: string): Address | undefined {
  // ipaddr.js reads ::8.8.8.8 as ::ffff:8.8.8.8, which is another address: it gets the hexadecimal spelling.
  const bare = text
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/%.*$/, '')
    .replace(/(?<=:)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/, (dotted) =>
      ipaddr.IPv4.isValidFourPartDecimal(dotted) ? hexadecimal(ipaddr.IPv4.parse(dotted)) : dotted,
    )
  if (!ipaddr.isValid(bare)) return undefined
  const address = ipaddr.parse(bare)
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}

function hexadecimal(address: ipaddr.IPv4): string {
  const bytes = address.toByteArray().map((byte) => byte.toString(16).padStart(2, '0'))
  return `${bytes.slice(0, 2).join('')}:${bytes.slice(2).join('')}`
}

function parseRange(text: string): Range {
  const trimmed = text.trim()
  try {
    if (!trimmed.includes('/')) {
      const address = parseAddress(trimmed)
      if (!address) throw new Error('not an address')
      return [address, address instanceof ipaddr.IPv4 ? 32 : 128]
    }
    const [address, bits] = ipaddr.parseCIDR(trimmed)
    // ::ffff:127.0.0.0/104 is 127.0.0.0/8: addresses are compared after the same translation.
    if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96)
      return [address.toIPv4Address(), bits - 96]
    return [address, bits]
  } catch (cause) {
    throw new Fault(
      'input.config',
      { reason: `"${trimmed}" is not an address range such as 192.168.1.0/24.` },
      { cause },
    )
  }
}

function contains([network, bits]: Range, address: Address): boolean {
  if (network instanceof ipaddr.IPv4) return address instanceof ipaddr.IPv4 && address.match(network, bits)
  return address instanceof ipaddr.IPv6 && address.match(network, bits)
}

/** Why the address is refused, or undefined when it is globally reachable. */
function refusal(address: Address): string | undefined {
  const named = (ranges: readonly NamedRange[]) => ranges.find(({ range }) => contains(range, address))?.why
  if (address instanceof ipaddr.IPv4) return named(refused4)
  if (contains(nat64, address)) {
    // DNS64 gives these for public sites, so only what is embedded counts (RFC 6052 section 2.1).
    const embedded = ipaddr.fromByteArray(address.toByteArray().slice(12))
    return refusal(embedded)
  }
  return contains(globalUnicast, address) ? named(refused6) : (named(named6) ?? 'not global unicast')
}

interface NamedRange {
  readonly range: Range
  readonly why: string
}

const range = (cidr: string, why: string): NamedRange => ({ range: ipaddr.parseCIDR(cidr), why })

const nat64: Range = ipaddr.parseCIDR('64:ff9b::/96')
const globalUnicast: Range = ipaddr.parseCIDR('2000::/3')

/** IANA IPv4 Special-Purpose Address Registry (RFC 6890), multicast, and metadata services that sit in public space. */
const refused4: readonly NamedRange[] = [
  range('0.0.0.0/8', 'this network'),
  range('10.0.0.0/8', 'private'),
  range('100.64.0.0/10', 'carrier-grade NAT'),
  range('127.0.0.0/8', 'loopback'),
  range('169.254.169.254/32', 'metadata'),
  range('169.254.0.0/16', 'link-local'),
  range('172.16.0.0/12', 'private'),
  range('192.0.0.0/24', 'protocol assignments'),
  range('192.0.2.0/24', 'documentation'),
  range('192.88.99.0/24', '6to4 relay'),
  range('192.168.0.0/16', 'private'),
  range('198.18.0.0/15', 'benchmarking'),
  range('198.51.100.0/24', 'documentation'),
  range('203.0.113.0/24', 'documentation'),
  range('168.63.129.16/32', 'metadata'),
  range('224.0.0.0/4', 'multicast'),
  range('255.255.255.255/32', 'broadcast'),
  range('240.0.0.0/4', 'reserved'),
]

/**
 * Inside 2000::/3, from the IANA IPv6 registry. Whole tunnelling ranges (Teredo, 6to4) are refused: they can carry any
 * IPv4 address and no public site is only there (RFC 7526).
 */
const refused6: readonly NamedRange[] = [
  range('2001::/32', 'Teredo'),
  range('2001::/23', 'protocol assignments'),
  range('2001:db8::/32', 'documentation'),
  range('2002::/16', '6to4'),
  range('3ffe::/16', 'returned'),
  range('3fff::/20', 'documentation'),
]

/** Outside 2000::/3 nothing is global; these have a name that helps whoever reads the fault. */
const named6: readonly NamedRange[] = [
  range('::/128', 'unspecified'),
  range('::1/128', 'loopback'),
  range('::/96', 'IPv4-compatible'),
  range('::ffff:0:0:0/96', 'IPv4-translated'),
  range('64:ff9b:1::/48', 'local NAT64'),
  range('100::/64', 'discard only'),
  range('5f00::/16', 'segment routing'),
  range('fd00:ec2::254/128', 'metadata'),
  range('fc00::/7', 'unique local'),
  range('fe80::/10', 'link-local'),
  range('fec0::/10', 'site-local'),
  range('ff00::/8', 'multicast'),
]

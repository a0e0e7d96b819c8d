import { isIP } from 'node:net'

/**
 * Whether a `Host` header may be answered. A page whose name was made to point at us (DNS rebinding) sends its own name,
 * so names must be known: loopback's and the configured ones. A literal address cannot be rebound.
 */
export function isKnownHost(header: string | undefined, known: ReadonlySet<string>): boolean {
  const name = hostName(header)
  if (name === undefined) return false
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || known.has(name)
}

/** The names of this installation, lowercase and without ports. Wildcard addresses name nothing. */
export function knownHosts(options: {
  readonly host?: string
  readonly publicUrl?: string
  readonly hosts?: readonly string[]
}): ReadonlySet<string> {
  const names = [options.host, ...(options.hosts ?? [])].map((name) => hostName(name))
  if (options.publicUrl !== undefined) names.push(new URL(options.publicUrl).hostname)
  return new Set(names.filter((name) => name !== undefined))
}

/** The name in a Host header (RFC 9110 7.2), lowercase, without port, brackets and a final dot. */
export function hostName(header: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header ?? '')
  const name = (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '')
  return name === '' ? undefined : name
}

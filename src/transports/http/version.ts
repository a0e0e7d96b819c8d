import type { Validators } from '@jackdaw/contract/nouns/media.ts'

/** Reads a header by its lower-case name. */
export type HeaderOf = (name: string) => string | null | undefined

/** The validators of an answer; `bytes` is the length of the whole file, if known. */
export function versionOf(header: HeaderOf, bytes: number | undefined): Validators {
  const [etag, lastModified] = [header('etag')?.trim(), header('last-modified')?.trim()]
  return {
    ...(etag ? { etag } : {}),
    ...(lastModified ? { lastModified } : {}),
    ...(bytes === undefined ? {} : { bytes }),
  }
}

/**
 * Whether two answers can be of one version: no validator that both have differs. ETags are compared weakly (RFC 9110
 * 8.8.3.2): what makes it safe to join ranges is If-Range and the overlap that is compared byte by byte.
 */
export function sameVersion(one: Validators, other: Validators): boolean {
  const differ = (a: unknown, b: unknown) => a !== undefined && b !== undefined && a !== b
  if (differ(one.bytes, other.bytes)) return false
  if (one.etag !== undefined && other.etag !== undefined) return weak(one.etag) === weak(other.etag)
  return !differ(one.lastModified, other.lastModified)
}

/** What may stand in If-Range: a strong ETag, else the date (RFC 9110 13.1.5); undefined when there is neither. */
export function ifRange(version: Validators): string | undefined {
  if (version.etag !== undefined && !version.etag.startsWith('W/')) return version.etag
  return version.lastModified
}

function weak(etag: string): string {
  return etag.replace(/^W\//, '')
}

import { createHmac, hkdfSync, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** Signs and checks the addresses under /files. */
export interface Signatures {
  /** `/files/<link>/<signature>/<name>`; the name is decoration and is not signed. */
  linkPath(link: string, name: string): string
  holdsLink(link: string, signature: string): boolean
  /** `/files/thumbnail/<sha256>/<signature>`; valid as long as something kept has this thumbnail. */
  thumbnailPath(sha256: string): string
  holdsThumbnail(sha256: string, signature: string): boolean
}

/** HMAC-SHA256 with sub-keys of the house key (HKDF, RFC 5869), so that no signature is good for anything else. */
export function signatures(houseKey: Uint8Array): Signatures {
  const links = signer(houseKey, 'jackdaw file links')
  const thumbnails = signer(houseKey, 'jackdaw thumbnails')
  return {
    linkPath: (link, name) => `/files/${link}/${links(link)}/${pathName(name)}`,
    holdsLink: (link, signature) => same(signature, links(link)),
    thumbnailPath: (sha256) => `/files/thumbnail/${sha256}/${thumbnails(sha256)}`,
    holdsThumbnail: (sha256, signature) => same(signature, thumbnails(sha256)),
  }
}

/** scrypt with the parameters that Node documents as default (N = 16384, r = 8, p = 1): 16 MiB and some 50 ms a try. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  return `scrypt$${salt.toString('base64url')}$${(await stretch(password, salt)).toString('base64url')}`
}

export async function passwordMatches(password: string, hash: string): Promise<boolean> {
  const [scheme, salt, expected] = hash.split('$')
  if (scheme !== 'scrypt' || salt === undefined || expected === undefined) return false
  return same((await stretch(password, Buffer.from(salt, 'base64url'))).toString('base64url'), expected)
}

function signer(houseKey: Uint8Array, purpose: string): (text: string) => string {
  const key = Buffer.from(hkdfSync('sha256', houseKey, '', purpose, 32))
  return (text) => createHmac('sha256', key).update(text).digest('base64url')
}

function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

async function stretch(password: string, salt: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  scrypt(password.normalize('NFC'), salt, 32, (error, key) => (error === null ? resolve(key) : reject(error)))
  return promise
}

/** Clients resolve `.` and `..` in addresses, which would cut the signature off. */
function pathName(name: string): string {
  const flat = name.replaceAll(/[/\\]/g, '_').toWellFormed()
  return /^\.{0,2}$/.test(flat) ? 'file' : encodeURIComponent(flat)
}

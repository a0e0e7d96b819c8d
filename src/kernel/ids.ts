import { randomBytes } from 'node:crypto'

/** Crockford's base32, lowercase: no i, l, o, u, so that an id can be read aloud and sorts as bytes do. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * A sortable id of 18 characters: 9 of milliseconds since 1970 (45 bits, enough until the year 3084) and 9 random ones.
 * Ids of the same millisecond have no order among themselves.
 */
export function newId(random: (bytes: number) => Uint8Array = randomBytes, now: number = Date.now()): string {
  let time = ''
  for (let rest = now, i = 0; i < 9; i++, rest = Math.floor(rest / 32)) time = alphabet.charAt(rest % 32) + time
  // 32 divides 256, so the low five bits of a random byte are uniform.
  return time + Array.from(random(9), (byte) => alphabet.charAt(byte & 31)).join('')
}

/** Whether a text has the form of an id. */
export function isId(text: string): boolean {
  return /^[0-9a-hjkmnp-tv-z]{18}$/.test(text)
}

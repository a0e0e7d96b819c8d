import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { Fault } from '@jackdaw/contract/faults.ts'
import { writing } from './file-faults.ts'
import { writeOnce } from './files.ts'

/** AES-256 takes 32 bytes. */
const keyBytes = 32
/** What NIST SP 800-38D recommends for GCM, section 5.2.1.1. */
const nonceBytes = 12
const tagBytes = 16

export interface Seal {
  /** A JSON value as a text that only the key opens. `about` (a row's id, say) must be the same when it is opened. */
  seal(value: unknown, about?: string): string
  /** The value again. Throws `input.config` when it was sealed with another key, about something else, or was changed. */
  open(sealed: string, about?: string): unknown
}

/**
 * Seals secrets at rest with AES-256-GCM. The first key seals; all of them open, so that a key can be replaced. A sealed
 * text is `v1.<id of the key>.<nonce, ciphertext and tag in base64url>`; it says which key it wants and nothing else.
 */
export function sealWith(keys: readonly [Uint8Array, ...Uint8Array[]]): Seal {
  const byId = new Map(keys.map((key) => [keyId(key), key]))
  const [first] = keys
  return {
    seal(value, about = '') {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', first, nonce).setAAD(Buffer.from(about))
      const body = Buffer.concat([
        nonce,
        cipher.update(JSON.stringify(value), 'utf8'),
        cipher.final(),
        cipher.getAuthTag(),
      ])
      return `v1.${keyId(first)}.${body.toString('base64url')}`
    },
    open(sealed, about = '') {
      const [version, id = '', text = ''] = sealed.split('.')
      const key = byId.get(id)
      if (version !== 'v1') throw unsealable('this is not a sealed secret')
      if (key === undefined) {
        throw unsealable(`it was sealed with the key ${id}, and here is ${keyId(first)}; put the earlier key file back`)
      }
      const body = Buffer.from(text, 'base64url')
      if (body.length < nonceBytes + tagBytes) throw unsealable('it is cut short')
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, nonceBytes), { authTagLength: tagBytes })
          .setAAD(Buffer.from(about))
          .setAuthTag(body.subarray(-tagBytes))
        const plain = Buffer.concat([decipher.update(body.subarray(nonceBytes, -tagBytes)), decipher.final()])
        return JSON.parse(plain.toString('utf8')) as unknown
      } catch (thrown) {
        throw unsealable('it was changed or belongs to something else', thrown)
      }
    },
  }
}

/**
 * The key in a file, which is made (mode 0600) if it is not there. Safe for two processes at once: both get the same.
 * Throws `input.config` when the file is not a key, for a key made anew would lose everything sealed before.
 */
export async function keyFromFile(path: string): Promise<Uint8Array> {
  return writing(path, 'house', async () => {
    const key = await writeOnce(path, randomBytes(keyBytes), { mode: 0o600 })
    if (key.length !== keyBytes) {
      throw new Fault('input.config', { reason: `${path} is not a key of ${keyBytes} bytes; put the right file back.` })
    }
    return key
  })
}

/** Tells keys apart without telling anything about them. */
function keyId(key: Uint8Array): string {
  return createHash('sha256').update('jackdaw key id').update(key).digest('hex').slice(0, 8)
}

function unsealable(reason: string, cause?: unknown): Fault {
  return new Fault('input.config', { reason: `A stored secret cannot be opened: ${reason}.` }, { cause })
}

import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { isIPv4 } from 'node:net'

export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface LeafOptions {
  /** DNS names and IPv4 addresses. */
  readonly for: readonly string[]
  readonly notAfter?: Date
}

/**
 * A certificate authority for one test: nothing on disk, no openssl needed. X.509 v3 (RFC 5280) with P-256 keys; knows
 * just what servers on loopback need.
 */
export function certificateAuthority(): { readonly ca: string; issue(options: LeafOptions): Certificate } {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = `test authority ${randomBytes(4).toString('hex')}`
  const basicConstraints = extension('551d13', sequence(boolean(true)))
  const ca = certificate({
    issuer: name,
    subject: name,
    publicKey: keys.publicKey,
    signer: keys.privateKey,
    extensions: [basicConstraints],
  })
  return {
    ca,
    issue(options) {
      const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const names = options.for.map((name) =>
        isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name)),
      )
      const cert = certificate({
        issuer: name,
        subject: options.for[0] ?? 'nobody',
        publicKey: leaf.publicKey,
        signer: keys.privateKey,
        extensions: [extension('551d11', sequence(...names))],
        ...(options.notAfter && { notAfter: options.notAfter }),
      })
      return { cert, key: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
    },
  }
}

function certificate(parts: {
  issuer: string
  subject: string
  publicKey: KeyObject
  signer: KeyObject
  extensions: readonly Buffer[]
  notAfter?: Date
}): string {
  const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    ecdsaWithSha256,
    distinguishedName(parts.issuer),
    sequence(time(new Date('2020-01-01')), time(parts.notAfter ?? new Date('2049-01-01'))),
    distinguishedName(parts.subject),
    parts.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...parts.extensions)),
  )
  const signature = sign('sha256', body, parts.signer)
  const whole = sequence(body, ecdsaWithSha256, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const lines = whole.toString('base64').replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

/** Tag, length, content (X.690 section 8.1). */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...parts: readonly Buffer[]) => der(0x30, Buffer.concat(parts))
const integer = (bytes: Buffer) => der(0x02, bytes)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const boolean = (value: boolean) => der(0x01, Buffer.from([value ? 0xff : 0]))
const extension = (id: string, value: Buffer) => sequence(oid(id), der(0x04, value))
const time = (date: Date) =>
  der(
    0x17,
    Buffer.from(
      `${date
        .toISOString()
        .replace(/[-:T]|\.\d+/g, '')
        .slice(2)}`,
    ),
  )
const distinguishedName = (name: string) => sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))))

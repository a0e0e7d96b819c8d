import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/**
 * A self-signed certificate (RFC 5280) for tests, made on the spot: nothing to expire in the tree, no key in it. Valid
 * from yesterday for ten days.
 */
export function makeCertificate(name: string, addresses: readonly string[]): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02])) // ecdsa-with-SHA256
  const subject = sequence(tag(0x31, sequence(oid([0x55, 0x04, 0x03]), tag(0x0c, Buffer.from(name)))))
  const names = sequence(
    tag(0x82, Buffer.from(name)),
    ...addresses.map((address) => tag(0x87, Buffer.from(address.split('.').map(Number)))),
  )
  const extension = (id: number, value: Buffer) => sequence(oid([0x55, 0x1d, id]), tag(0x04, value))
  const isAuthority = sequence(tag(0x01, Buffer.from([0xff])))
  const body = sequence(
    tag(0xa0, tag(0x02, Buffer.from([2]))),
    tag(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    subject,
    sequence(time(-1), time(9)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tag(0xa3, sequence(extension(0x11, names), extension(0x13, isAuthority))),
  )
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)])
  const der = sequence(body, algorithm, tag(0x03, signature))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return {
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  }
}

/** DER (X.690): tag, length, value. */
function tag(type: number, value: Buffer): Buffer {
  const n = value.length
  const length = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : [0x82, n >> 8, n & 0xff]
  return Buffer.concat([Buffer.from([type, ...length]), value])
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tag(0x30, Buffer.concat(parts))
}

function oid(bytes: readonly number[]): Buffer {
  return tag(0x06, Buffer.from(bytes))
}

function time(days: number): Buffer {
  const at = new Date(Date.now() + days * 86_400_000).toISOString()
  return tag(0x17, Buffer.from(`${at.slice(2, 19).replace(/[-:T]/g, '')}Z`))
}

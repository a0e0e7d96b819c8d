import { transportConformance } from '#test/conformance/transport.ts'
import { FakeFtp } from '#test/fakes/ftp.ts'
import { createFtpTransport } from './transport.ts'

transportConformance(createFtpTransport(), async () => {
  const ftp = await FakeFtp.start()
  return {
    part(bytes, slow) {
      const url = `${ftp.origin}/file/${bytes}${slow ? '/slow' : ''}`
      return { transport: 'ftp', name: 'file.bin', site: '127.0.0.1', request: { url } }
    },
    sha256: (bytes) => ftp.content.sha256(bytes),
    sent: () => ftp.bytes,
    [Symbol.asyncDispose]: () => ftp[Symbol.asyncDispose](),
  }
})

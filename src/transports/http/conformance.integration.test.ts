import { transportConformance } from '#test/conformance/transport.ts'
import { Site } from '#test/fakes/site/site.ts'
import { createHttpTransport } from './transport.ts'

for (const fast of [true, false]) {
  transportConformance(createHttpTransport({ fast }), async () => {
    const site = await Site.start()
    const links = new Set<string>()
    return {
      part(bytes, slow) {
        const url = site.file(bytes, slow ? `rate=${Math.ceil(bytes / 2)}` : '')
        links.add(url)
        const request = { url, ranges: true, validators: { bytes } }
        return { transport: 'http', name: 'file.bin', bytes, site: '127.0.0.1', request }
      },
      sha256: (bytes) => site.content.sha256(bytes),
      sent: () => [...links].reduce((sum, link) => sum + site.counts(link).bytes, 0),
      [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
    }
  })
}

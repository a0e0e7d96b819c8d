import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Positions } from '#kernel/landing/landing.ts'
import { TestRun } from '#test/fakes/run.ts'
import { Site } from '#test/fakes/site/site.ts'
import { createHttpTransport } from '../transport.ts'

const bytes = 40 * 1024 * 1024

for (const tls of [false, true]) {
  for (const everyBytes of [50_000, 3_000_000]) {
    test(`no byte is lost or doubled by a slow disk and pauses every ${everyBytes} bytes, ${tls ? 'with' : 'without'} TLS`, async () => {
      await using site = await Site.start({ tls })
      let seen = 0
      const charge = (n: number) => {
        const before = Math.floor(seen / everyBytes)
        seen += n
        return Math.floor(seen / everyBytes) > before ? 1 : 0
      }
      const ca = site.certificate === undefined ? {} : { ca: site.certificate }
      await using run = await TestRun.start<Positions>({ charge, ...ca })
      const url = site.file(bytes)
      const request = { url, ranges: true, validators: { bytes } }
      const part = { transport: 'http', name: 'file', site: '127.0.0.1', request }
      const [asset] = await createHttpTransport({ bufferBytes: 1 }).fetch(part, {}, run)
      assert.equal(asset?.sha256, site.content.sha256(bytes))
      assert.ok(run.connects.length > 0)
    })
  }
}

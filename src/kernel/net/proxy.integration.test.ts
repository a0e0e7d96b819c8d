import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { certificateAuthority, type Certificate } from '#test/fakes/certificates.ts'
import { createGuard } from './guard.ts'
import { openProxy } from './proxy.ts'

/** How each tool fetches a link to the file `out`. */
const tools: Readonly<Record<string, (link: string, ca: string) => readonly string[]>> = {
  curl: (link, ca) => ['-sSfL', '--cacert', ca, '-o', 'out', link],
  wget: (link, ca) => ['-q', '--tries=1', `--ca-certificate=${ca}`, '-O', 'out', link],
  aria2c: (link, ca) => ['-q', '--no-conf', '--max-tries=1', `--ca-certificate=${ca}`, '-o', 'out', link],
  ffmpeg: (link) => {
    const protocols = 'http,https,tcp,tls,httpproxy,crypto'
    return ['-v', 'error', '-nostdin', '-protocol_whitelist', protocols, '-i', link, '-c', 'copy', '-f', 'wav', 'out']
  },
  'yt-dlp': (link) => ['--ignore-config', '--no-check-certificates', '--retries', '0', '-q', '-o', 'out', link],
}

async function site(t: TestContext, address: string, answer: RequestListener, secure?: Certificate) {
  let requests = 0
  const listener: RequestListener = (request, response) => {
    requests++
    answer(request, response)
  }
  const server = secure ? createSecureServer(secure, listener) : createServer(listener)
  server.listen(0, address)
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `${secure ? 'https' : 'http'}://${address}:${port}`, port, requests: () => requests }
}

/** A second of silence: small, and media enough for ffmpeg and yt-dlp. */
function wave(): Buffer {
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + 16_000, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  for (const [value, at] of [
    [1, 20],
    [1, 22],
    [2, 32],
    [16, 34],
  ] as const)
    head.writeUInt16LE(value, at)
  head.writeUInt32LE(8000, 24)
  head.writeUInt32LE(16_000, 28)
  head.write('data', 36)
  head.writeUInt32LE(16_000, 40)
  return Buffer.concat([head, Buffer.alloc(16_000)])
}

const serves: RequestListener = (request, response) => {
  const body = wave()
  response.writeHead(200, { 'content-type': 'audio/wav', 'content-length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function isInstalled(tool: string): boolean {
  try {
    execFileSync('which', [tool])
    return true
  } catch {
    return false
  }
}

for (const [tool, command] of Object.entries(tools)) {
  test(
    `${tool} reaches what is permitted through the proxy and nothing inside`,
    { skip: isInstalled(tool) ? false : 'not installed' },
    async (t) => {
      const authority = certificateAuthority()
      const inside = await site(t, '127.0.0.1', serves)
      const outside = await site(t, '127.0.0.2', (request, response) => {
        if (!request.url?.startsWith('/trap')) return serves(request, response)
        response.writeHead(302, { location: `http://127.0.0.1:${inside.port}/secret.wav` }).end()
      })
      const secure = await site(t, '127.0.0.2', serves, authority.issue({ for: ['127.0.0.2'] }))
      const lookup = async (name: string) => [{ address: name === 'good.example' ? '127.0.0.2' : '127.0.0.1' }]
      const proxy = await openProxy({ guard: createGuard({ allow: ['127.0.0.2/32'], lookup }) })
      t.after(() => proxy[Symbol.asyncDispose]())
      const dir = mkdtempSync(join(tmpdir(), 'proxy-'))
      t.after(() => rmSync(dir, { recursive: true }))
      const ca = join(dir, 'ca.pem')
      writeFileSync(ca, authority.ca)

      const fetch = async (link: string) => {
        rmSync(join(dir, 'out'), { force: true })
        using ticket = proxy.admit()
        const env = { PATH: process.env['PATH'] ?? '', HOME: dir, LANG: 'C.UTF-8', ...ticket.environment }
        const { promise, resolve } = Promise.withResolvers<boolean>()
        execFile(tool, command(link, ca), { cwd: dir, env, timeout: 20_000 }, (error) => resolve(error === null))
        return { isDone: await promise, bytes: ticket.bytes, fault: ticket.fault }
      }

      for (const link of [`${outside.url}/a.wav`, `http://good.example:${outside.port}/a.wav`, `${secure.url}/a.wav`]) {
        const result = await fetch(link)
        assert.ok(result.isDone, link)
        assert.ok(result.bytes >= 16_044, link)
        assert.equal(readFileSync(join(dir, 'out')).length >= 16_044, true, link)
      }
      const port = inside.port
      const traps = [
        `http://127.0.0.1:${port}/a.wav`,
        `http://2130706433:${port}/a.wav`,
        `http://localhost:${port}/a.wav`,
        `http://inside.example:${port}/a.wav`,
        `http://[::ffff:127.0.0.1]:${port}/a.wav`,
        `https://127.0.0.1:${port}/a.wav`,
        `${outside.url}/trap.wav`,
      ]
      for (const link of traps) {
        const result = await fetch(link)
        assert.equal(result.isDone, false, link)
        assert.ok(isFault(result.fault, 'link.private'), link)
      }
      assert.equal(inside.requests(), 0)
    },
  )
}

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { isFault, type Fault } from '@jackdaw/contract/faults.ts'
import { createGuard } from '#kernel/net/guard.ts'
import { createOutward, type Outward } from '#kernel/net/outward.ts'
import { createPace } from '#kernel/net/pace.ts'
import { dash as source } from '#sources/dash/source.ts'
import { streamRun } from '#test/fakes/stream/run.ts'
import { createDashTransport } from './dash.ts'
import type { Checkpoint } from './fetch.ts'

const transport = createDashTransport({ stallMs: 2000 })
const texts = new Map<string, string>()
const server = createServer((request, response) => {
  const path = (request.url ?? '').split('?')[0] ?? ''
  if (path === '/away') return void response.writeHead(302, { location: 'http://127.0.0.2/x' }).end()
  const text = texts.get(path)
  if (text === undefined) return void response.writeHead(path.startsWith('/ok') ? 200 : 404).end('bytes')
  response.writeHead(200, { 'content-type': 'application/dash+xml' }).end(text)
})
let origin: string
let outward: Outward
before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  // The real way out of the house, but for the one address on which the site stands.
  outward = createOutward(createGuard({ allow: ['127.0.0.1/32'] }), createPace())
})
after(async () => {
  await outward[Symbol.asyncDispose]()
  server.closeAllConnections()
  server.close()
})

async function faultOf(inside: string, attributes = 'mediaPresentationDuration="PT3S"'): Promise<Fault> {
  const path = `/${texts.size}.mpd`
  texts.set(
    path,
    `<MPD ${attributes}><Period><AdaptationSet mimeType="video/mp4"><Representation id="v" bandwidth="1">${inside}</Representation></AdaptationSet></Period></MPD>`,
  )
  await using run = await streamRun<Checkpoint>({
    http: outward.http,
    connect: async (to) => await outward.connect(to),
  })
  const part = { transport: 'dash', name: 'film.mp4', site: '127.0.0.1', request: { url: origin + path, video: 'v' } }
  const error: unknown = await transport.fetch(part, {}, run).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(isFault(error), String(error))
  return error
}

const inside = [
  'http://127.0.0.2/x',
  'http://10.0.0.1/x',
  'http://169.254.169.254/latest/meta-data/',
  'http://[::1]:9001/x',
  'http://2130706434/x',
]

for (const url of inside) {
  for (const [what, text] of Object.entries({
    'a segment': `<SegmentList duration="1"><SegmentURL media="${url}"/></SegmentList>`,
    'an initialisation': `<SegmentList duration="1"><Initialization sourceURL="${url}"/><SegmentURL media="/ok"/></SegmentList>`,
    'a base address': `<BaseURL>${url}</BaseURL><SegmentTemplate media="$Number$" duration="1"/>`,
    'an index': `<BaseURL>${url}</BaseURL><SegmentBase indexRange="0-99"/>`,
    'a file': `<BaseURL>${url}</BaseURL>`,
  })) {
    test(`${what} at ${url} is not asked for`, async () => {
      assert.equal((await faultOf(text)).code, 'link.private')
    })
  }
}

test('a site that is allowed does not lead into a network that is not', async () => {
  assert.equal(
    (await faultOf('<SegmentList duration="1"><SegmentURL media="/away"/></SegmentList>')).code,
    'link.private',
  )
})

test('the same on the site itself comes as far as its bytes, so that the tests above can fail', async () => {
  const fault = await faultOf('<SegmentList duration="1"><SegmentURL media="/ok"/></SegmentList>')
  assert.equal(fault.code, 'source.malformed')
})

test('a segment that is a playlist is not handed to ffmpeg', async () => {
  texts.set('/evil.m4s', '#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n')
  const fault = await faultOf('<SegmentList duration="1"><SegmentURL media="/evil.m4s"/></SegmentList>')
  assert.equal(fault.code, 'source.malformed')
})

test('a manifest that is changed for a hostile one between look and fetch is refused again', async () => {
  const fault = await faultOf('<SegmentTemplate media="$Number$" timescale="1000000000" duration="1"/>')
  assert.equal(fault.code, 'source.malformed')
})

test('a manifest without end is not read to its end', async () => {
  let sent = 0
  const endless = createServer((_, response) => {
    const chunk = Buffer.alloc(1024 * 1024, ' ')
    const more = () => {
      while (!response.destroyed) {
        sent += chunk.length
        if (!response.write(chunk)) break
      }
    }
    response.on('drain', more)
    more()
  })
  endless.listen(0, '127.0.0.1')
  await once(endless, 'listening')
  try {
    await using run = await streamRun({ http: outward.http })
    const text = `http://127.0.0.1:${(endless.address() as AddressInfo).port}/x.mpd`
    await assert.rejects(source.resolve({ kind: 'url', text }, {}, run), (thrown) =>
      isFault(thrown, 'source.malformed'),
    )
    assert.ok(sent < 100 * 1024 * 1024, `${sent} bytes`)
  } finally {
    endless.closeAllConnections()
    endless.close()
  }
})

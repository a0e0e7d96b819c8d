import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { isFault, type FaultCode } from '@jackdaw/contract/faults.ts'
import { createGuard } from '#kernel/net/guard.ts'
import { createOutward, type Outward } from '#kernel/net/outward.ts'
import { createPace } from '#kernel/net/pace.ts'
import { hls as source } from '#sources/hls/source.ts'
import { streamRun } from '#test/fakes/stream/run.ts'
import { StreamSite } from '#test/fakes/stream/stream.ts'
import type { Checkpoint } from './fetch.ts'
import { createHlsTransport } from './hls.ts'

let site: StreamSite
let outward: Outward
before(async () => {
  site = await StreamSite.start()
  // The real way out of the house, but for the one address on which the site stands.
  outward = createOutward(createGuard({ allow: ['127.0.0.1/32'] }), createPace())
})
after(async () => {
  await outward[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
})

const hls = createHlsTransport({ stallMs: 2000, goneMs: 300, longestPauseMs: 20 })
let lists = 0

/** Fetches a playlist through the guard; resolves to the fault that ended it. */
async function faultOf(lines: readonly string[], options: object = {}): Promise<FaultCode> {
  lists += 1
  const head = ['#EXTM3U', '#EXT-X-TARGETDURATION:1', ...lines]
  const url = site.text(`/evil${lists}.m3u8`, [...head, '#EXT-X-ENDLIST', ''].join('\n'))
  return await faultAt(url, options)
}

async function faultAt(url: string, options: object = {}): Promise<FaultCode> {
  await using run = await streamRun<Checkpoint>({
    http: outward.http,
    connect: async (to) => await outward.connect(to),
  })
  const part = { transport: 'hls', name: 'film.mp4', site: '127.0.0.1', request: { url } }
  const error: unknown = await hls.fetch(part, hls.options.parse(options), run).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(isFault(error), String(error))
  assert.doesNotMatch(error.message, /root:|metadata-secret/)
  return error.code
}

const inside = [
  'http://127.0.0.2/x',
  'http://10.0.0.1/x',
  'http://169.254.169.254/latest/meta-data/',
  'http://[::1]:1/x',
  'http://[::ffff:169.254.169.254]/x',
  'http://2852039166/x',
  'http://0x7f.2/x',
]
for (const address of inside) {
  test(`${address} is not asked for as a segment, a key or an initialisation`, async () => {
    assert.equal(await faultOf(['#EXTINF:1,', address]), 'link.private')
    const key = `#EXT-X-KEY:METHOD=AES-128,URI="${address}"`
    assert.equal(await faultOf([key, '#EXTINF:1,', '/plain/index0.ts']), 'link.private')
    const map = `#EXT-X-MAP:URI="${address}"`
    assert.equal(await faultOf([map, '#EXTINF:1,', '/small/index0.m4s']), 'link.private')
  })
}

test('a redirect into the house is not followed', async () => {
  const elsewhere = createServer((_, response) => {
    response.writeHead(302, { location: 'http://169.254.169.254/latest/' }).end()
  }).listen(0, '127.0.0.1')
  await once(elsewhere, 'listening')
  try {
    const { port } = elsewhere.address() as AddressInfo // it listens on TCP
    assert.equal(await faultOf(['#EXTINF:1,', `http://127.0.0.1:${port}/x.ts`]), 'link.private')
  } finally {
    elsewhere.close()
  }
})

test('files of this machine are no segments', async () => {
  for (const address of ['file:///etc/passwd', 'concat:/etc/passwd', 'data:text/plain,x', 'pipe:0']) {
    assert.equal(await faultOf(['#EXTINF:1,', address]), 'source.malformed')
  }
})

test('a segment that is a list of files for ffmpeg is refused, and no file of ours is in what is left', async () => {
  for (const body of [
    'ffconcat version 1.0\nfile /etc/passwd\n',
    '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n',
    '<?xml version="1.0"?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>',
  ]) {
    site.text('/poison.ts', body, 'video/mp2t')
    assert.equal(await faultOf(['#EXTINF:1,', '/poison.ts']), 'source.malformed')
    const cut = ['#EXTINF:1,', '/plain/index0.ts', '#EXT-X-DISCONTINUITY', '#EXTINF:1,', '/poison.ts']
    assert.equal(await faultOf(cut), 'source.malformed')
  }
})

test('a page that calls itself a film is none', async () => {
  site.text('/page.ts', '<!doctype html><script>alert(1)</script>'.repeat(100), 'video/mp2t')
  assert.equal(await faultOf(['#EXTINF:1,', '/page.ts']), 'source.malformed')
})

test('a key of another length than 16 bytes is refused', async () => {
  for (const [name, text] of Object.entries({ short: 'abc', page: '<html>'.repeat(100), nothing: '' })) {
    site.text(`/${name}.key`, text, 'application/octet-stream')
    const key = `#EXT-X-KEY:METHOD=AES-128,URI="/${name}.key"`
    assert.equal(await faultOf([key, '#EXTINF:1,', '/plain/index0.ts']), 'source.malformed')
  }
})

test('the wrong key opens nothing', async () => {
  site.text('/wrong.key', '0123456789abcdef', 'application/octet-stream')
  const key = '#EXT-X-KEY:METHOD=AES-128,URI="/wrong.key"'
  assert.equal(await faultOf([key, '#EXTINF:1,', '/low/index0.ts']), 'source.malformed')
})

test('a variant that is a master has no end, and is refused', async () => {
  const url = site.text('/round.m3u8', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nround.m3u8\n')
  assert.equal(await faultAt(url), 'source.malformed')
  await using run = await streamRun({ http: outward.http })
  await assert.rejects(source.resolve({ kind: 'url', text: url }, {}, run), (error) =>
    isFault(error, 'source.malformed'),
  )
})

test('a body without an end is cut off: a playlist by its size, a segment by what the job allows', async () => {
  const server = createServer((request, response) => {
    const isList = request.url?.endsWith('.m3u8') ?? false
    response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' })
    const line = isList ? Buffer.from('#EXTINF:1,\na.ts\n'.repeat(20_000)) : Buffer.alloc(188 * 1000, 'G')
    if (isList) response.write('#EXTM3U\n')
    const more = () => {
      while (!response.destroyed && response.write(line));
    }
    response.on('drain', more)
    more()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo // it listens on TCP
    assert.equal(await faultAt(`http://127.0.0.1:${port}/endless.m3u8`), 'source.malformed')
    const segment = ['#EXTINF:1,', `http://127.0.0.1:${port}/endless.ts`]
    assert.equal(await faultOf(segment, { maxBytes: 5_000_000 }), 'quota.file-size')
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test('a live playlist that never brings anything ends', async () => {
  const url = site.text('/idle.m3u8', '#EXTM3U\n#EXT-X-TARGETDURATION:1\n')
  assert.equal(await faultAt(url), 'source.no-media')
})

test('nothing that a playlist says becomes the name of a file', async () => {
  await using run = await streamRun<Checkpoint>()
  const list = await readFile(`${site.dir}/plain/index.m3u8`, 'utf8')
  const url = site.text('/names.m3u8', list.replaceAll(/^index(.*)$/gm, '/plain/index$1?../../../../etc/cron.d/x'))
  const part = { transport: 'hls', name: 'film.mp4', site: '127.0.0.1', request: { url } }
  await hls.fetch(part, hls.options.parse({}), run)
  assert.deepEqual(
    (await readdir(run.dir)).filter((name) => !/^(?:made\.mp4|secrets|segments\.journal)$/.test(name)),
    [],
  )
})

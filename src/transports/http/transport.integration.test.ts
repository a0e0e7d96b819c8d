import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isFault, type FaultCode } from '@jackdaw/contract/faults.ts'
import type { Part } from '@jackdaw/contract/nouns/media.ts'
import type { Positions } from '#kernel/landing/landing.ts'
import type { LocalAsset } from '#pipeline/engine.ts'
import { direct } from '#sources/direct/source.ts'
import { TestRun, type TestRunHow } from '#test/fakes/run.ts'
import { Site } from '#test/fakes/site/site.ts'
import type { Options } from './request.ts'
import { createHttpTransport } from './transport.ts'
import type { Tuning } from './tuning.ts'

const quick: Partial<Tuning> = { stallMs: 1000, pauseMs: [10, 20, 40] }
const MiB = 1024 * 1024

let site: Site
before(async () => void (site = await Site.start()))
after(async () => await site[Symbol.asyncDispose]())

interface Got {
  readonly asset: LocalAsset
  readonly part: Part
  readonly run: TestRun<Positions>
}

async function get(
  link: string,
  how: { options?: Options; run?: TestRunHow<Positions>; tuning?: Partial<Tuning> } = {},
): Promise<Got & AsyncDisposable> {
  const run = await TestRun.start<Positions>(how.run)
  try {
    const options = how.options ?? {}
    const media = await direct.resolve({ kind: 'url', text: link }, options, run)
    const [part] = media.parts
    assert.ok(part)
    const [asset] = await createHttpTransport({ ...quick, ...how.tuning }).fetch(part, options, run)
    assert.ok(asset)
    return { asset, part, run, [Symbol.asyncDispose]: async () => await run[Symbol.asyncDispose]() }
  } catch (error) {
    await run[Symbol.asyncDispose]()
    throw error
  }
}

async function arrives(bytes: number, query: string, how: Parameters<typeof get>[1] = {}, seed = 0): Promise<void> {
  for (const fast of [true, false]) {
    const link = site.file(bytes, `${query}${query && '&'}way=${fast ? 'fast' : 'plain'}&k=${Math.random()}`)
    await using got = await get(link, { ...how, tuning: { fast, ...how.tuning } })
    assert.equal(got.asset.bytes, bytes)
    assert.equal(got.asset.sha256, site.content.sha256(bytes, seed))
  }
}

async function fails(query: string, code: FaultCode, how: Parameters<typeof get>[1] = {}): Promise<void> {
  for (const fast of [true, false]) {
    await assert.rejects(
      async () =>
        await using0(
          get(site.file(300_000, `${query}&k=${Math.random()}`), { ...how, tuning: { fast, ...how.tuning } }),
        ),
      (error) => {
        assert.ok(isFault(error, code), String(error))
        return true
      },
    )
  }
}

async function using0(got: Promise<AsyncDisposable>): Promise<void> {
  await (await got)[Symbol.asyncDispose]()
}

test('an empty file arrives', async () => await arrives(0, ''))
test('a small file arrives', async () => await arrives(1000, ''))
test('a file of many buffers arrives', async () => await arrives(20 * MiB + 3, ''))
test('a file from a server without ranges arrives', async () => await arrives(3 * MiB, 'ranges=off'))
test('a chunked file arrives', async () => await arrives(3 * MiB, 'chunked=1'))
test('a file that ends with its connection arrives', async () => await arrives(3 * MiB, 'length=none'))
test('a file compressed unasked arrives decoded', async () => await arrives(3 * MiB, 'gzip=1'))
test('a file behind redirects arrives', async () => await arrives(100_000, 'redirects=5'))
test('a connection that is dropped again and again is taken up where it was', async () =>
  await arrives(3 * MiB, 'drop=700000'))
test('a drop without ranges starts over', async () => await arrives(MiB, 'ranges=off&drop=500000&times=3'))
test('a stall is broken by a new connection', async () => await arrives(MiB, 'stall=500000&times=2'))
test('a file that is sent short is completed', async () => await arrives(MiB, 'short=1000&times=2'))
test('a wrong Content-Range is not believed', async () => await arrives(3 * MiB, 'ranges=offset&drop=1500000&times=2'))
test('a wrong total is not believed', async () => await arrives(3 * MiB, 'ranges=total&drop=1500000&times=2'))
test('the same bytes for every range are found out', async () =>
  await arrives(3 * MiB, 'ranges=same&drop=1500000&times=2'))
test('a range that is shorter than asked for is completed', async () => await arrives(3 * MiB, 'ranges=short'))
test('a file with a weak ETag arrives', async () => await arrives(3 * MiB, 'etag=weak&drop=1500000&times=2'))
test('a file without validators arrives', async () =>
  await arrives(3 * MiB, 'etag=none&modified=none&drop=1500000&times=2'))
test('a file that changes in between is fetched anew', async () =>
  await arrives(3 * MiB, 'drop=1500000&changes=3', {}, 1))
test('basic authentication opens the door', async () =>
  await arrives(1000, 'auth=me:secret', { options: { user: 'me', password: 'secret' } }))

test('nothing there is gone', async () => await fails('fail=404', 'source.gone'))
test('a closed door is denied', async () => await fails('auth=me:secret', 'source.denied'))
test('too many requests are throttled', async () => await fails('fail=429&retryafter=7', 'source.throttled'))
test('an error of the server is broken', async () => await fails('fail=500', 'source.broken'))
test('another client error is refused', async () => await fails('fail=418', 'source.refused'))
test('silence for ever is stalled', async () => await fails('stall=100000&ranges=off', 'source.stalled'))
test('a file over the limit is refused before', async () =>
  await fails('x=1', 'quota.file-size', { options: { maxBytes: 1000 } }))
test('a file over the limit is refused during', async () =>
  await fails('chunked=1', 'quota.file-size', { options: { maxBytes: 1000 } }))

test('a file of known length goes over raw sockets, another by the well-kept client', async () => {
  await using known = await get(site.file(2 * MiB, 'k=known'))
  assert.equal(known.run.connects.length, 1)
  await using unknown = await get(site.file(2 * MiB, 'chunked=1&ranges=off'))
  assert.equal(unknown.run.connects.length, 0)
})

test('a server that limits each connection is asked by several', async () => {
  const link = site.file(20 * MiB, 'rate=8000000')
  await using got = await get(link, { options: { connections: 8 } })
  assert.equal(got.asset.sha256, site.content.sha256(20 * MiB))
  assert.ok(site.counts(link).peak > 1 && site.counts(link).peak <= 8, String(site.counts(link).peak))
})

for (const refuse of ['503', '429', 'reset']) {
  test(`a server that answers a second connection with ${refuse} gets one`, async () => {
    const link = site.file(12 * MiB, `rate=8000000&connections=1&refuse=${refuse}`)
    await using got = await get(link)
    assert.equal(got.asset.sha256, site.content.sha256(12 * MiB))
    assert.ok(got.run.logs.some((log) => log.message.includes('back to one')))
  })
}

test('the same bytes for every range are found out where two lanes meet', async () => {
  const link = site.file(20 * MiB, 'rate=8000000&ranges=same')
  await using got = await get(link)
  assert.equal(got.asset.sha256, site.content.sha256(20 * MiB))
  assert.ok(got.run.logs.some((log) => log.message.includes('starting the file over')))
})

test('an interrupted download goes on where it was', async () => {
  const bytes = 8 * MiB
  const link = site.file(bytes, 'rate=8000000&k=resume')
  await using first = await TestRun.start<Positions>()
  const media = await direct.resolve({ kind: 'url', text: link }, {}, first)
  const [part] = media.parts
  assert.ok(part)
  const going = createHttpTransport(quick).fetch(part, { connections: 2 }, first)
  going.catch(() => undefined)
  const report = first.report.bind(first)
  first.report = (progress) => {
    report(progress)
    if (progress.done > bytes / 2) first.abort()
  }
  await assert.rejects(going, (error) => isFault(error, 'house.stopping'))
  const before = site.counts(link).bytes
  await using second = await TestRun.start<Positions>({
    dir: first.dir,
    ...(first.saved.at(-1) && { checkpoint: first.saved.at(-1) }),
  })
  const [asset] = await createHttpTransport(quick).fetch(part, { connections: 2 }, second)
  assert.equal(asset?.sha256, site.content.sha256(bytes))
  assert.ok(site.counts(link).bytes - before < bytes * 0.7, `${site.counts(link).bytes - before} bytes sent again`)
})

test('secrets stay at home when the site redirects elsewhere', async () => {
  await using other = await Site.start()
  const target = other.file(2 * MiB)
  const link = `${site.origin}/redirect?to=${encodeURIComponent(target)}`
  const cookies = '127.0.0.1\tFALSE\t/redirect\tFALSE\t0\tsession\tmine'
  await using got = await get(link, {
    options: { user: 'me', password: 'secret', headers: { 'X-Token': 'secret' }, cookies },
  })
  assert.equal(got.asset.bytes, 2 * MiB)
  const [home] = site.counts(link).headers
  assert.ok(home?.['authorization'] && home['x-token'] === 'secret' && home['cookie'] === 'session=mine')
  for (const headers of other.counts(target).headers) {
    assert.ok(!headers['authorization'] && !headers['x-token'] && !headers['cookie'])
  }
})

test('a self-signed certificate is refused, and nothing is fetched', async () => {
  await using tls = await Site.start({ tls: true })
  await assert.rejects(get(tls.file(1000)), (error) => isFault(error, 'source.certificate'))
})

test('a file over TLS arrives', async () => {
  await using tls = await Site.start({ tls: true })
  await using got = await get(tls.file(20 * MiB), { run: { ca: tls.certificate ?? '' } })
  assert.equal(got.asset.sha256, tls.content.sha256(20 * MiB))
  assert.ok(got.run.connects.length > 0)
})

test('a bandwidth limit is honoured by pauses', async () => {
  let charged = 0
  const run = { charge: (bytes: number) => ((charged += bytes), 1) }
  await using got = await get(site.file(3 * MiB, 'k=charge'), { run })
  assert.equal(got.asset.sha256, site.content.sha256(3 * MiB))
  assert.ok(charged >= 3 * MiB)
})

test('headers of the site’s own player go with every hop, its cookies to its own host only', async () => {
  await using other = await Site.start()
  const target = other.file(2 * MiB)
  const link = `${site.origin}/redirect?to=${encodeURIComponent(target)}&k=wanted`
  await using run = await TestRun.start<Positions>()
  const headers = { 'user-agent': 'Player/1.0', referer: 'https://example.org/', cookie: 'visit=7; pass=8' }
  const part = { transport: 'http', name: 'a', site: '', request: { url: link, home: 'https://example.org/', headers } }
  // The same host: cookies know no ports.
  await createHttpTransport(quick).fetch(part, {}, run)
  const [first] = site.counts(link).headers
  assert.equal(first?.['cookie'], 'visit=7; pass=8')
  for (const seen of [first, ...other.counts(target).headers]) {
    assert.deepEqual([seen?.['user-agent'], seen?.['referer']], ['Player/1.0', 'https://example.org/'])
  }
})

test('secrets of a job go to the site of its link, not to where its files are', async () => {
  const link = site.file(2 * MiB, 'k=foreign')
  await using run = await TestRun.start<Positions>()
  const part = { transport: 'http', name: 'a', site: '', request: { url: link, home: 'https://example.org/watch' } }
  const options = { user: 'me', password: 'secret', headers: { 'X-Token': 'secret' } }
  await createHttpTransport(quick).fetch(part, options, run)
  for (const seen of site.counts(link).headers) assert.ok(!seen['authorization'] && !seen['x-token'])
})

test('a site that wants small requests gets small requests', async () => {
  const bytes = 3 * MiB + 5
  const link = site.file(bytes, 'k=chunks')
  await using run = await TestRun.start<Positions>()
  const request = { url: link, validators: { bytes }, chunkBytes: MiB }
  const [asset] = await createHttpTransport(quick).fetch({ transport: 'http', name: 'a', site: '', request }, {}, run)
  assert.equal(asset?.sha256, site.content.sha256(bytes))
  const sizes = site.counts(link).ranges.map((range) => {
    const [from, to] = /(\d+)-(\d+)$/.exec(range)?.slice(1).map(Number) ?? []
    return (to ?? Infinity) - (from ?? 0) + 1
  })
  assert.ok(sizes.length >= 4 && sizes.every((size) => size <= MiB + 1024), sizes.join(' '))
})

test('a file that is there in a moment is waited for', async () => {
  const link = site.file(1000, 'k=soon')
  await using run = await TestRun.start<Positions>()
  const notBefore = new Date(Date.now() + 300).toISOString()
  await createHttpTransport(quick).fetch(
    { transport: 'http', name: 'a', site: '', request: { url: link, notBefore } },
    {},
    run,
  )
  assert.ok(Date.now() >= Date.parse(notBefore))
})

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

const quick: Partial<Tuning> = { stallMs: 300, pauseMs: [10, 20, 40] }
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

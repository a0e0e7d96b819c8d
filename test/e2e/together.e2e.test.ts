import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { JobDetail } from '@jackdaw/contract/nouns/job.ts'
import { sample } from '#test/fakes/media.ts'
import { Site } from '#test/fakes/site/site.ts'
import { installation, until } from '#test/jackdaw.ts'

const MB = 1_000_000
let site: Site
before(async () => void (site = await Site.start()))
after(() => site[Symbol.asyncDispose]())

const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')
/** Bytes of a link that have left the site. */
const sent = (link: string) => site.counts(link).bytes

describe('several commands on one data folder', () => {
  test('two gets at once on a fresh folder make one house, and both end with their file', async (t) => {
    const house = installation(t)
    const links = [site.file(2 * MB, 'seed=1', 'a.bin'), site.file(2 * MB, 'seed=2', 'b.bin')]
    const runs = links.map((link) => house.run(['get', link, '--out', 'out']))
    assert.deepEqual(await Promise.all(runs.map((run) => run.exit)), [0, 0], runs.map((run) => run.err()).join('\n'))
    assert.equal(sha256(join(house.folder, 'out/a.bin')), site.content.sha256(2 * MB, 1))
    assert.equal(sha256(join(house.folder, 'out/b.bin')), site.content.sha256(2 * MB, 2))
    assert.deepEqual(house.processes(), [])
    assert.deepEqual(house.files('scratch'), [])
  })

  test('the same link asked for twice at once is one job and one transfer', async (t) => {
    const house = installation(t)
    await house.serve()
    const link = site.file(MB, 'rate=400000&seed=3', 'twice.bin')
    const runs = [1, 2].map(() => house.run(['get', link, '--out', 'out', '--json', '--connections', '1']))
    assert.deepEqual(await Promise.all(runs.map((run) => run.exit)), [0, 0])
    const ids = runs.map((run) => run.json().at(-1)?.['id'])
    assert.equal(ids[0], ids[1])
    assert.ok(sent(link) <= MB + 65_536, `${sent(link)} bytes were sent for ${MB}`)
    assert.deepEqual(readdirSync(join(house.folder, 'out')), ['twice.bin'])
  })

  test('Ctrl-C of a client leaves the job to the server', async (t) => {
    const house = installation(t)
    await house.serve()
    const link = site.file(MB, 'rate=500000&seed=4', 'left.bin')
    const get = house.run(['get', link, '--out', 'out', '--connections', '1'])
    const [, id = ''] = await get.says(/job (\w+)/)
    await until(() => sent(link) > 100_000, 'bytes arrive')
    get.kill('SIGINT')
    assert.equal(await get.exit, 130)
    assert.match(get.err(), /the server goes on/)
    const job = await house.until(id, ({ state }) => state === 'done')
    assert.equal(job.receipts.length, 1)
    assert.equal(sha256(join(house.folder, 'out/left.bin')), site.content.sha256(MB, 4))
    const { metrics } = (await house.client()).house
    const counted = await metrics()
    const bytes = (name: string) => Object.entries(counted).find(([key]) => key.includes(name))?.[1] ?? 0
    assert.ok(bytes('fetched_bytes') >= MB && bytes('delivered_bytes') === MB, JSON.stringify(counted))
  })

  test('Ctrl-C of a get without a server parks it, and the same command goes on with the bytes kept', async (t) => {
    const house = installation(t)
    const link = site.file(4 * MB, 'rate=1000000&seed=5', 'parked.bin')
    const argv = ['get', link, '--out', 'out', '--connections', '1']
    const first = house.run(argv)
    await until(() => sent(link) > 1.5 * MB, 'bytes arrive')
    first.kill('SIGINT')
    assert.equal(await first.exit, 130)
    assert.match(first.err(), /run the same command again/)
    assert.deepEqual(house.processes(), [], 'nothing runs on')
    const second = house.run(argv)
    assert.equal(await second.exit, 0, second.err())
    assert.ok(sent(link) < 4.8 * MB, `${sent(link)} bytes were sent for ${4 * MB}`)
    assert.equal(sha256(join(house.folder, 'out/parked.bin')), site.content.sha256(4 * MB, 5))
    assert.deepEqual(readdirSync(join(house.folder, 'out')), ['parked.bin'])
  })

  test('SIGTERM of a server parks its jobs, and the next start goes on', async (t) => {
    const house = installation(t)
    const server = await house.serve()
    const link = site.file(4 * MB, 'rate=1000000&seed=6', 'server.bin')
    const get = house.run(['get', link, '--out', 'out', '--no-wait', '--connections', '1'])
    assert.equal(await get.exit, 0, get.err())
    const id = get.out().trim()
    await until(() => sent(link) > 1.5 * MB, 'bytes arrive')
    const asked = performance.now()
    server.kill('SIGTERM')
    assert.equal(await server.exit, 0, server.err())
    assert.ok(performance.now() - asked < 10_000, 'parked within 10 s')
    assert.deepEqual(house.processes(), [])
    await house.serve()
    await house.until(id, ({ state }) => state === 'done')
    assert.ok(sent(link) < 4.8 * MB, `${sent(link)} bytes were sent for ${4 * MB}`)
    assert.equal(sha256(join(house.folder, 'out/server.bin')), site.content.sha256(4 * MB, 6))
  })
})

describe('what get tells', () => {
  test('of many links each one once with its place in the batch, and of a film its path, bytes, digest and media facts', async (t) => {
    const house = installation(t)
    const film = await sample(house.folder, 'video.mp4')
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'video/mp4', etag: '"film"' }).end(readFileSync(film))
    }).listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening')
    const links = [
      site.file(400_000, 'rate=400000&seed=20', 'slow.bin'),
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/film.mp4`,
      site.file(1000, 'fail=404', 'gone.bin'),
      site.file(1000, 'seed=21', 'quick.bin'),
    ]
    const run = house.run(['get', ...links, '--out', 'out', '--json'])
    assert.equal(await run.exit, 66, run.err())
    const ended = run.json().filter((line) => 'receipts' in line)
    const jobs = ended.map((line) => line as unknown as JobDetail & { assets: { path?: string }[] })
    assert.deepEqual(jobs.map(({ link }) => link).toSorted(), links.toSorted(), 'each once')
    const places = new Map(jobs.map((job) => [job.link, job.batch?.index]))
    assert.deepEqual(
      links.map((link) => places.get(link)),
      [1, 2, 3, 4],
    )
    const [asset] = jobs.find(({ link }) => link === links[1])?.assets ?? []
    assert.equal(asset?.path, join(house.folder, 'out/film.mp4'))
    assert.equal(asset?.bytes, readFileSync(film).length)
    assert.equal(asset?.sha256, sha256(film))
    assert.equal(asset?.facts?.container, 'mp4')
    assert.equal(Math.round(asset?.facts?.durationSeconds ?? 0), 4)
    assert.deepEqual([asset?.facts?.width, asset?.facts?.height], [640, 360])
    assert.deepEqual(
      asset?.facts?.streams?.map(({ kind, codec }) => `${kind} ${codec}`),
      ['video h264', 'audio aac'],
    )
  })
})

describe('the library', () => {
  test('delivers the same thing from the store, and fetches it again once it has changed', async (t) => {
    const house = installation(t)
    await house.serve()
    // Answers 1 and 2 are the first job's look and transfer, 3 is the second job's look; from then on it is another file.
    const link = site.file(300_000, 'seed=7&changes=4', 'same.bin')
    const get = async (...more: string[]) => {
      const run = house.run(['get', link, '--to', 'library', '--json', ...more])
      assert.equal(await run.exit, 0, run.err())
      return run.json().at(-1) as { id: string; assets: { sha256: string }[]; receipts: { place: string }[] }
    }
    const first = await get()
    const bytes = sent(link)
    const second = await get()
    assert.notEqual(second.id, first.id)
    assert.equal(second.receipts[0]?.place, first.receipts[0]?.place, 'the asset that is held already')
    assert.ok(sent(link) - bytes < 1000, `${sent(link) - bytes} bytes were sent for what is held already`)
    const third = await get()
    assert.equal(third.assets.at(-1)?.sha256, site.content.sha256(300_000, 8))
    assert.notEqual(third.receipts[0]?.place, first.receipts[0]?.place)
  })

  test('stores equal bytes from two links once', async (t) => {
    const house = installation(t)
    await house.serve()
    for (const name of ['one.bin', 'two.bin']) {
      const run = house.run(['get', site.file(200_000, 'seed=9', name), '--to', 'library'])
      assert.equal(await run.exit, 0, run.err())
    }
    const digest = site.content.sha256(200_000, 9)
    assert.deepEqual(
      house.files('store').filter((path) => path.includes(digest)),
      [join(digest.slice(0, 2), digest.slice(2, 4), digest)],
    )
    assert.equal(house.files('store').filter((path) => /[0-9a-f]{64}$/.test(path)).length, 1)
    const { items } = await (await house.client()).library.list({})
    assert.equal(items.length, 1)
  })
})

describe('control of a running job', () => {
  test('pause keeps the bytes and resume goes on from them', async (t) => {
    const house = installation(t)
    await house.serve()
    const link = site.file(4 * MB, 'rate=1000000&seed=10', 'paused.bin')
    const get = house.run(['get', link, '--out', 'out', '--no-wait', '--connections', '1'])
    await get.exit
    const id = get.out().trim()
    await until(() => sent(link) > 1.5 * MB, 'bytes arrive')
    assert.equal(await house.run(['pause', id]).exit, 0)
    await house.until(id, ({ state }) => state === 'paused')
    await until(() => site.counts(link).open === 0, 'the connection is closed')
    const before = sent(link)
    assert.equal(await house.run(['resume', id]).exit, 0)
    await house.until(id, ({ state }) => state === 'done')
    assert.ok(sent(link) < 4.8 * MB, `${sent(link)} bytes were sent for ${4 * MB}, ${before} of them before the pause`)
    assert.equal(sha256(join(house.folder, 'out/paused.bin')), site.content.sha256(4 * MB, 10))
  })

  test('cancel stops a transfer at once and cleans up', async (t) => {
    const house = installation(t)
    await house.serve()
    const link = site.file(50 * MB, 'rate=500000&seed=11', 'cancelled.bin')
    const get = house.run(['get', link, '--out', 'out', '--connections', '1'])
    const [, id = ''] = await get.says(/job (\w+)/)
    await until(() => sent(link) > 100_000, 'bytes arrive')
    const client = await house.client()
    const asked = performance.now()
    await client.jobs.cancel({ id })
    await until(() => site.counts(link).open === 0, 'the connection is closed')
    const stopped = performance.now() - asked
    t.diagnostic(`the transfer stopped ${Math.round(stopped)} ms after it was asked to`)
    assert.ok(stopped < 3000)
    assert.equal(await get.exit, 130)
    await until(() => house.files('scratch').length === 0, 'scratch is gone')
    assert.ok(!existsSync(join(house.folder, 'out')) || readdirSync(join(house.folder, 'out')).length === 0)
  })

  test('a failed job succeeds when it is tried again after the site was mended', async (t) => {
    const house = installation(t)
    await house.serve()
    const link = site.file(200_000, 'fail=404&times=1&seed=12', 'mended.bin')
    const get = house.run(['get', link, '--out', 'out', '--json'])
    assert.equal(await get.exit, 66, get.err())
    const { id, fault } = get.json().at(-1) as { id: string; fault: { code: string } }
    assert.equal(fault.code, 'source.gone')
    assert.equal(await house.run(['retry', id]).exit, 0)
    const follow = house.run(['job', id, '--follow'])
    assert.equal(await follow.exit, 0, follow.err())
    assert.equal(sha256(join(house.folder, 'out/mended.bin')), site.content.sha256(200_000, 12))
  })

  test('what could not be delivered is not fetched again', async (t) => {
    const house = installation(t)
    await house.serve()
    const link = site.file(2 * MB, 'seed=13', 'kept.bin')
    // A file where the folder should be: nobody can write there, root neither.
    const blocked = join(house.folder, 'blocked')
    writeFileSync(blocked, '')
    const get = house.run(['get', link, '--out', join(blocked, 'out'), '--json'])
    assert.equal(await get.exit, 73, get.err())
    const { id, fault } = get.json().at(-1) as { id: string; fault: { code: string } }
    assert.equal(fault.code, 'destination.unwritable')
    const before = sent(link)
    rmSync(blocked)
    assert.equal(await house.run(['retry', id]).exit, 0)
    await house.until(id, ({ state }) => state === 'done')
    assert.ok(sent(link) - before < 1000, `${sent(link) - before} bytes were sent again`)
    assert.equal(sha256(join(blocked, 'out/kept.bin')), site.content.sha256(2 * MB, 13))
    await until(() => house.files('scratch').length === 0, 'scratch is gone')
  })
})

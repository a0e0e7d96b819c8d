import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { sample } from '#test/fakes/media.ts'
import { Site } from '#test/fakes/site/site.ts'
import { smallDisk } from '#test/fakes/small-disk.ts'
import { type Installation, installation, until } from '#test/jackdaw.ts'

const MB = 1_000_000
let site: Site
before(async () => void (site = await Site.start()))
after(() => site[Symbol.asyncDispose]())

const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')
const sent = (link: string) => site.counts(link).bytes
const postmaster = (house: Installation) =>
  Number(readFileSync(join(house.data, 'pg/postmaster.pid'), 'utf8').split('\n')[0])

/** Puts a link into the queue and answers the id of its job. */
async function queued(house: Installation, link: string, out = 'out'): Promise<string> {
  const run = house.run(['get', link, '--out', out, '--no-wait', '--connections', '1'])
  assert.equal(await run.exit, 0, run.err())
  return run.out().trim()
}

describe('the database goes away', () => {
  for (const [how, signal] of [
    ['killed', 'SIGKILL'],
    ['stopped', 'SIGINT'],
  ] as const) {
    test(`the embedded server is ${how} while jobs run: the house starts it again and they go on`, async (t) => {
      const house = installation(t)
      const server = await house.serve()
      const link = site.file(5 * MB, `rate=1000000&seed=1&n=${how}`, 'a.bin')
      const id = await queued(house, link)
      await until(() => sent(link) > MB, 'bytes arrive')
      const before = postmaster(house)
      process.kill(before, signal)
      const job = await house.until(id, ({ state }) => state === 'done')
      assert.notEqual(postmaster(house), before)
      assert.equal(job.receipts.length, 1)
      assert.equal(sha256(join(house.folder, 'out/a.bin')), site.content.sha256(5 * MB, 1))
      assert.ok(sent(link) < 5.2 * MB, `the transfer did not notice: ${sent(link)} bytes were sent`)
      assert.match(server.out() + server.err(), /the database server has gone; starting it again/)
      server.kill('SIGTERM')
      assert.equal(await server.exit, 0)
      assert.deepEqual(house.processes(), [])
    })
  }

  test('a get in its own process outlives its database too', async (t) => {
    const house = installation(t)
    const link = site.file(4 * MB, 'rate=1000000&seed=2', 'b.bin')
    const get = house.run(['get', link, '--out', 'out', '--connections', '1'])
    await until(() => sent(link) > MB, 'bytes arrive')
    process.kill(postmaster(house), 'SIGKILL')
    assert.equal(await get.exit, 0, get.err())
    assert.equal(sha256(join(house.folder, 'out/b.bin')), site.content.sha256(4 * MB, 2))
    assert.deepEqual(house.processes(), [])
  })

  test('house and database killed together: the next start finds everything', async (t) => {
    const house = installation(t)
    const server = await house.serve()
    const link = site.file(3 * MB, 'rate=1000000&seed=3', 'c.bin')
    const id = await queued(house, link)
    await until(() => sent(link) > 1.5 * MB, 'bytes arrive')
    const database = postmaster(house)
    server.kill('SIGKILL')
    process.kill(database, 'SIGKILL')
    await server.exit
    await house.serve()
    await house.until(id, ({ state }) => state === 'done')
    assert.equal(sha256(join(house.folder, 'out/c.bin')), site.content.sha256(3 * MB, 3))
    assert.ok(sent(link) < 5 * MB, `${sent(link)} bytes were sent for ${3 * MB}`)
  })

  test('a database elsewhere that does not answer is said in words', async (t) => {
    const house = installation(t)
    const nowhere = { JACKDAW_DATABASE_URL: 'postgresql://jackdaw:hunter2@127.0.0.1:1/jackdaw' }
    const get = house.run(['get', site.file(1000)], nowhere)
    assert.equal(await get.exit, 75)
    assert.match(get.err(), /The database cannot be reached \(nothing listens there\)\. \(house\.database\)/)
    assert.doesNotMatch(get.err(), /hunter2|    at /)
  })
})

describe('a full disk', () => {
  test('where the file should go: it waits in words, and goes on once there is room', async (t) => {
    const disk = await smallDisk(t, { bytes: 8 * MB })
    if (typeof disk === 'string') return t.skip(disk)
    const house = installation(t)
    await house.serve()
    writeFileSync(join(disk.path, 'filler'), Buffer.alloc(6 * MB))
    const link = site.file(5 * MB, 'seed=4', 'd.bin')
    const id = await queued(house, link, disk.path)
    const job = await house.until(id, ({ steps }) => steps.some(({ fault }) => fault?.code === 'destination.full'))
    assert.equal(job.state, 'running')
    assert.match(String(job.steps.at(-1)?.fault?.says), /No space is left on .* It goes on by itself/)
    const before = sent(link)
    rmSync(join(disk.path, 'filler'))
    await house.until(id, ({ state }) => state === 'done')
    assert.equal(sha256(join(disk.path, 'd.bin')), site.content.sha256(5 * MB, 4))
    assert.ok(sent(link) - before < 1000, 'it was not fetched again')
  })

  for (const [when, freeBytes, rate] of [
    ['gets short: what fills it is parked in time', 24 * MB, 6 * MB],
    ['is full to the last byte: the database stands too', 0, 100 * MB],
  ] as const) {
    test(`where the house keeps its data ${when}, and goes on once there is room`, async (t) => {
      const disk = await smallDisk(t, { bytes: 220 * MB })
      if (typeof disk === 'string') return t.skip(disk)
      const house = installation(t, { JACKDAW_LIMIT_FREE_BYTES: String(freeBytes) }, disk.path)
      await house.serve()
      const free = () => Number(execFileSync('df', ['--output=avail', '-B1', disk.path]).toString().split('\n')[1])
      writeFileSync(join(disk.path, 'filler'), Buffer.alloc(Math.max(0, free() - 35 * MB)))
      const out = installation(t).folder
      const link = site.file(50 * MB, `seed=5&rate=${rate}`, 'e.bin')
      const id = await queued(house, link, out)
      const isSaid = ({ steps }: { steps: { fault?: { code: string } | undefined }[] }) =>
        steps.some(({ fault }) => fault?.code === 'house.disk-full')
      if (freeBytes > 0) assert.equal((await house.until(id, isSaid)).state, 'running')
      else await until(() => free() < 100_000, 'the disk is full')
      rmSync(join(disk.path, 'filler'))
      await house.until(id, ({ state }) => state === 'done')
      assert.equal(sha256(join(out, 'e.bin')), site.content.sha256(50 * MB, 5))
      assert.ok(sent(link) < 70 * MB, `${sent(link)} bytes were sent`)
      await until(() => house.files('scratch').length === 0, 'scratch is gone')
    })
  }
})

describe('a program that is missing', () => {
  test('is named with the way to get it, and a media file is delivered without it', async (t) => {
    const house = installation(t)
    const few = join(house.folder, 'few')
    mkdirSync(few)
    for (const tool of ['sh', 'setpriv', 'id', 'test']) symlinkSync(`/usr/bin/${tool}`, join(few, tool))
    const path = { PATH: few }
    const film = await filmServer(await sample(house.folder, 'video.mp4'))
    t.after(() => film.server.close())

    const engines = house.run(['engines'], path)
    assert.equal(await engines.exit, 0, engines.err())
    assert.match(engines.out(), /probe.*ffprobe is missing\. .*ffmpeg/)
    const doctor = house.run(['doctor'], path)
    await doctor.exit
    assert.match(doctor.out(), /ffprobe/)

    const get = house.run(['get', film.link, '--out', 'out', '--to', 'library', '--json'], path)
    assert.equal(await get.exit, 0, get.err())
    assert.equal(sha256(join(house.folder, 'out/film.mp4')), sha256(join(house.folder, 'video.mp4')))
    const job = get.json().at(-1) as { steps: { engine: string; fault?: { code: string } }[] }
    assert.equal(job.steps.find(({ engine }) => engine === 'probe')?.fault?.code, 'house.missing-tool')
  })
})

describe('places that are taken or closed', () => {
  test('a second server on the same folder and port says so, and the first goes on', async (t) => {
    const house = installation(t)
    const first = await house.serve()
    const [, port = ''] = await first.says(/listens on http:\/\/127\.0\.0\.1:(\d+)/)
    const second = house.run(['serve', '--port', port])
    assert.equal(await second.exit, 64, second.err())
    assert.match(second.err(), new RegExp(`cannot listen on 127.0.0.1 port ${port}: another program has it`))
    assert.doesNotMatch(second.err(), /    at /)
    const id = await queued(house, site.file(1000, 'seed=6', 'f.bin'))
    await house.until(id, ({ state }) => state === 'done')
  })

  test('a data folder that cannot be written is named', async (t) => {
    const house = installation(t)
    writeFileSync(join(house.folder, 'file'), '')
    const get = house.run(['get', site.file(1000)], { JACKDAW_DATA: join(house.folder, 'file/data') })
    assert.equal(await get.exit, 73, get.err())
    assert.match(get.err(), /file\/data/)
    assert.doesNotMatch(get.err(), /    at /)
  })

  test('a data folder on a read-only disk is named', async (t) => {
    const disk = await smallDisk(t, { bytes: MB })
    if (typeof disk === 'string') return t.skip(disk)
    await disk.remount('ro')
    const house = installation(t)
    const get = house.run(['get', site.file(1000)], { JACKDAW_DATA: join(disk.path, 'data') })
    assert.equal(await get.exit, 73, get.err())
    assert.match(get.err(), new RegExp(disk.path))
    assert.doesNotMatch(get.err(), /    at /)
  })
})

/** Serves one real media file. */
async function filmServer(path: string): Promise<{ server: Server; link: string }> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'video/mp4', etag: '"film"' }).end(readFileSync(path))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, link: `http://127.0.0.1:${(server.address() as AddressInfo).port}/film.mp4` }
}

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { endedStates } from '@jackdaw/contract/nouns/job.ts'
import type { Wish } from '@jackdaw/contract/operations/jobs.ts'
import { dashStreams, makeDash } from '#test/fakes/stream/dash.ts'
import { StreamSite } from '#test/fakes/stream/stream.ts'
import { ffprobe } from '#test/ffprobe.ts'
import { installation, seeded, until, type Running } from '#test/jackdaw.ts'

const kills = Number(process.env['JACKDAW_CRASH_KILLS'] ?? 12)
const seed = Number(process.env['JACKDAW_CRASH_SEED'] ?? Date.now() % 1_000_000)

interface Wanted {
  readonly wish: Pick<Wish, 'link' | 'options'>
  readonly file: string
  readonly streams: readonly string[]
  readonly seconds: number
}

/** Of every kind of work some, each slow enough that kills fall into it. */
function wanted(site: StreamSite, n: number): Wanted {
  const again = `?n=${n}`
  const small = ['h264 160x90', 'aac']
  const name = `media-${n}`
  switch (n % 5) {
    case 0:
      return {
        wish: { link: `${site.url('master')}${again}`, options: { name } },
        file: `${name}.mp4`,
        streams: ['h264 320x180', 'aac'],
        seconds: 6,
      }
    case 1:
      return {
        wish: { link: `${site.origin}/dash/${dashStreams.number}${again}`, options: { name, quality: 'worst' } },
        file: `${name}.mp4`,
        streams: small,
        seconds: 6,
      }
    case 2:
      return {
        wish: { link: `${site.origin}/watch.html${again}`, options: { name, quality: 'worst' } },
        file: `${name}.mp4`,
        streams: small,
        seconds: 6,
      }
    case 3:
      return {
        wish: { link: `${site.url('ranges')}${again}`, options: { name, clips: [{ from: 1, to: 4 }], exact: true } },
        file: `${name}.mp4`,
        streams: small,
        seconds: 3,
      }
    default:
      return {
        wish: { link: `${site.url('plain')}${again}`, options: { name, audio: 'mp3' } },
        file: `${name}.mp3`,
        streams: ['mp3'],
        seconds: 6,
      }
  }
}

test(`kill -9 at random, ${kills} times, among streams, pages and processing: every job ends done, delivered once`, async (t) => {
  t.diagnostic(`JACKDAW_CRASH_SEED=${seed}`)
  const random = seeded(seed)
  await using site = await StreamSite.start()
  await makeDash(join(site.dir, 'dash'))
  const page = '<title>A film</title><video><source src="/master.m3u8" type="application/x-mpegURL"></video>'
  site.text('/watch.html', `<!doctype html><html><head>${page}</html>`, 'text/html')
  site.delayMs = 150
  const limits = { JACKDAW_LIMIT_FETCH: '12', JACKDAW_LIMIT_PER_SITE: '24', JACKDAW_LIMIT_PER_ACCOUNT: '24' }
  const house = installation(t, limits)
  const out = join(house.folder, 'out')

  const roles = ['web,worker', 'worker'] as const
  const start = (role: (typeof roles)[number]) => house.run(['serve', '--as', role, '--port', '0'])
  const servers: Running[] = roles.map(start)
  const listening = () => Promise.all(servers.map((one) => one.says(/^Jackdaw (listens|works)/m)))
  await listening()

  const asked: Wanted[] = []
  const topUp = async () => {
    const client = await house.client()
    const { jobs } = await client.jobs.list({ state: 'open', limit: 100 })
    for (let missing = 5 - jobs.length; missing > 0; missing--) {
      const one = wanted(site, asked.length)
      asked.push(one)
      await client.jobs.start({ ...one.wish, destinations: [`folder:${out}`] })
    }
  }
  await topUp()
  let topping: Promise<void> | undefined
  for (let kill = 0; kill < kills; kill++) {
    await sleep(300 + random() * 1800)
    const victims = random() < 0.2 ? [0, 1] : [random() < 0.5 ? 0 : 1]
    for (const victim of victims) servers[victim]?.kill('SIGKILL')
    await Promise.all(victims.map((victim) => servers[victim]?.exit))
    for (const victim of victims) servers[victim] = start(roles[victim] ?? 'worker')
    topping ??= topUp()
      .catch(() => undefined)
      .finally(() => (topping = undefined))
    await Promise.race([topping, sleep(1500)])
  }
  await topping
  await listening()

  const client = await house.client()
  const { jobs } = await client.jobs.list({ limit: 1000 })
  const files = asked.filter(({ wish }) => jobs.some(({ link }) => link === wish.link))
  assert.equal(files.length, jobs.length, 'every job is one that was asked for, and none is there twice')
  for (const { id, link } of jobs) {
    const job = await house.until(id, ({ state }) => endedStates.includes(state))
    assert.equal(job.state, 'done', `${link}: ${job.fault?.code} ${job.fault?.says}`)
    assert.equal(job.receipts.length, 1, link)
  }
  assert.deepEqual(readdirSync(out).toSorted(), files.map(({ file }) => file).toSorted(), 'one file each, no more')
  for (const { file, streams, seconds } of files) {
    const got = await ffprobe(join(out, file))
    assert.deepEqual(got.streams, streams, file)
    assert.ok(Math.abs(got.seconds - seconds) < 0.3, `${file}: ${got.seconds} seconds`)
  }
  t.diagnostic(`${files.length} jobs of five kinds`)
  await until(() => house.files('scratch').length === 0, 'scratch is empty')
  assert.deepEqual(house.files('secrets'), [])
  for (const one of servers) one.kill('SIGTERM')
  assert.deepEqual(await Promise.all(servers.map((one) => one.exit)), [0, 0])
  await until(() => house.processes().length === 0, `nothing is left of ${house.processes().join('\n')}`, 10_000)
})

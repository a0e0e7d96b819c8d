import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { endedStates } from '@jackdaw/contract/nouns/job.ts'
import { Site } from '#test/fakes/site/site.ts'
import { installation, seeded, until, type Running } from '#test/jackdaw.ts'

const kills = Number(process.env['JACKDAW_CRASH_KILLS'] ?? 30)
const seed = Number(process.env['JACKDAW_CRASH_SEED'] ?? Date.now() % 1_000_000)
const inFlight = 10
const KB = 1000
/** Bytes per second of each connection: slow, so that kills fall into transfers. */
const rate = 200 * KB

interface Wanted {
  readonly link: string
  readonly bytes: number
  readonly seed: number
  readonly name: string
  readonly to: 'library' | 'folder'
  readonly connections: number
  /** Whether what is there can be kept after a kill. */
  readonly resumes: boolean
}

/** The n-th download: of every kind some. What cannot be resumed is short enough to be done between two kills. */
function wanted(site: Site, n: number, random: () => number): Wanted {
  const kind = n % 5
  const resumes = kind !== 3 && kind !== 4
  const connections = kind === 1 ? 3 : 1
  const bytes = Math.round((resumes ? 400 + random() * 900 : 60 + random() * 100) * KB * connections)
  const name = `file-${n}.${kind === 2 ? 'mp4' : 'bin'}`
  const how = ['', '', '&type=video/mp4', '&ranges=off', '&chunked=1&ranges=off'][kind]
  const link = site.file(bytes, `seed=${n + 1}&rate=${rate}${how}`, name)
  return { link, bytes, seed: n + 1, name, to: n % 3 === 1 ? 'library' : 'folder', connections, resumes }
}

test(`kill -9 at random, ${kills} times: every job ends done, delivered once, with few bytes sent twice`, async (t) => {
  t.diagnostic(`JACKDAW_CRASH_SEED=${seed}`)
  const random = seeded(seed)
  await using site = await Site.start()
  const limits = { JACKDAW_LIMIT_FETCH: '12', JACKDAW_LIMIT_PER_SITE: '24', JACKDAW_LIMIT_PER_ACCOUNT: '24' }
  const house = installation(t, limits)
  // A look into a file that takes a while, with a child of its own: something to orphan.
  const slowProbe = join(house.folder, 'ffprobe')
  writeFileSync(slowProbe, '#!/bin/sh\nsleep 0.7\nexec ffprobe "$@"\n')
  chmodSync(slowProbe, 0o755)
  const env = { JACKDAW_FFPROBE: slowProbe }
  const out = join(house.folder, 'out')

  const roles = ['web,worker', 'worker'] as const
  const start = (role: (typeof roles)[number]) => house.run(['serve', '--as', role, '--port', '0'], env)
  const servers: Running[] = roles.map(start)
  await Promise.all(servers.map((one) => one.says(/^Jackdaw (listens|works)/m)))

  const asked: Wanted[] = []
  /** Keeps ten downloads in flight while kills go on. Whether a call that a kill cut was heard, the list at the end tells. */
  const topUp = async () => {
    const client = await house.client()
    const { jobs } = await client.jobs.list({ state: 'open', limit: 100 })
    for (let missing = inFlight - jobs.length; missing > 0; missing--) {
      const one = wanted(site, asked.length, random)
      asked.push(one)
      const destinations = [one.to === 'library' ? 'library' : `folder:${out}`]
      await client.jobs.start({ link: one.link, destinations, options: { connections: one.connections } })
    }
  }
  await topUp()

  let topping: Promise<void> | undefined
  for (let kill = 0; kill < kills; kill++) {
    await sleep(random() * 1100)
    const both = random() < 0.2
    const first = random() < 0.5 ? 0 : 1
    const victims = both ? [0, 1] : [first]
    for (const victim of victims) servers[victim]?.kill('SIGKILL')
    await Promise.all(victims.map((victim) => servers[victim]?.exit))
    await sleep(random() * 300)
    for (const victim of victims) servers[victim] = start(roles[victim] ?? 'worker')
    // Without the web role nobody can be asked; the next round will.
    topping ??= topUp()
      .catch(() => undefined)
      .finally(() => (topping = undefined))
    await Promise.race([topping, sleep(1200)])
  }
  await topping

  await Promise.all(servers.map((one) => one.says(/^Jackdaw (listens|works)/m)))
  const client = await house.client()
  const { jobs } = await client.jobs.list({ limit: 1000 })
  const files = asked.filter(({ link }) => jobs.some((job) => job.link === link))
  assert.equal(files.length, jobs.length, 'every job is one that was asked for, and none is there twice')
  for (const { id, link } of jobs) {
    const job = await house.until(id, ({ state }) => endedStates.includes(state))
    assert.equal(job.state, 'done', `${link}: ${job.fault?.code} ${job.fault?.says}`)
    assert.equal(job.receipts.length, 1, link)
    const one = files.find((file) => file.link === link)
    assert.equal(job.receipts[0]?.sha256, site.content.sha256(one?.bytes ?? 0, one?.seed))
  }

  const folderFiles = files.filter(({ to }) => to === 'folder')
  assert.deepEqual(
    readdirSync(out).toSorted(),
    folderFiles.map(({ name }) => name).toSorted(),
    'one file each, no more',
  )
  for (const { name, bytes, seed: content } of folderFiles)
    assert.equal(digest(join(out, name)), site.content.sha256(bytes, content), name)
  const library = files.filter(({ to }) => to === 'library')
  const { items } = await client.library.list({ limit: 1000 })
  assert.deepEqual(items.map(({ name }) => name).toSorted(), library.map(({ name }) => name).toSorted())
  for (const { bytes, seed: content } of library) {
    const sha256 = site.content.sha256(bytes, content)
    assert.equal(digest(join(house.data, 'store', sha256.slice(0, 2), sha256.slice(2, 4), sha256)), sha256)
  }
  await until(() => house.files('scratch').length === 0, 'scratch is empty')
  assert.deepEqual(house.files('secrets'), [])
  for (const one of servers) one.kill('SIGTERM')
  assert.deepEqual(await Promise.all(servers.map((one) => one.exit)), [0, 0])
  await until(() => house.processes().length === 0, `nothing is left of ${house.processes().join('\n')}`, 10_000)

  const again = (some: Wanted[]) => some.reduce((sum, { link, bytes }) => sum + site.counts(link).bytes - bytes, 0)
  const twice = again(files.filter(({ resumes }) => resumes))
  const anew = again(files.filter(({ resumes }) => !resumes))
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  t.diagnostic(
    `${files.length} downloads, ${mb(total)}; sent twice: ${mb(twice)} where ranges work (${mb(twice / kills)} per kill), ${mb(anew)} where not`,
  )
  // A lane writes and journals what it has every half second, and 1.4 connections work for a download on average: per kill
  // half a second's worth of each, and the look of a resolve that was killed.
  const perDownload = 1.4 * (rate / 2 + 64 * KB)
  assert.ok(twice <= kills * inFlight * perDownload, `${twice} bytes were sent twice`)
})

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

import assert from 'node:assert/strict'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Media } from '@jackdaw/contract/nouns/media.ts'
import type { Destination, Engines, Run, Source, Transport } from '#pipeline/engine.ts'
import { idleEngines, idlePart, testPipeline } from '#test/pipeline.ts'
import { testDatabase } from '#test/postgres.ts'

const nothing = { options: z.unknown(), checkpoint: z.unknown(), tools: [], title: 'test' }

function source(media: (link: string) => Partial<Media>): Source {
  return {
    ...nothing,
    name: 'test',
    claims: () => 1,
    resolve: async ({ text }) => ({ title: text, source: 'test', parts: [idlePart('a')], ...media(text) }),
  }
}

/** Makes one file per part; counts how often. */
function files(content: (name: string) => string = (name) => name) {
  const fetched: string[] = []
  const transport: Transport = {
    ...nothing,
    name: 'idle',
    async fetch(part, _options, run) {
      fetched.push(part.name)
      const path = join(run.dir, 'file')
      await writeFile(path, content(part.name))
      return [await run.keep(path, { name: part.name })]
    },
  }
  return { transport, fetched }
}

function place(name: string, deliver: (names: string[], run: Run<unknown>) => Promise<void> = async () => {}) {
  const delivered: string[][] = []
  const destination: Destination = {
    ...nothing,
    name,
    async deliver(assets, _to, _options, run) {
      const names = assets.map((asset) => asset.name)
      await deliver(names, run)
      delivered.push(names)
      const at = new Date().toISOString()
      return assets.map(({ id, sha256, bytes }) => ({ asset: id, destination: name, place: id, sha256, bytes, at }))
    },
  }
  return { destination, delivered }
}

/** A transport that runs until it is told to stop, and says when it began and ended. */
function endless() {
  const began: string[] = []
  const ended: string[] = []
  const transport: Transport = {
    ...nothing,
    name: 'idle',
    async fetch(part, _options, run) {
      began.push(part.name)
      await sleep(600_000, undefined, { signal: run.signal }).catch(() => {})
      ended.push(run.signal.reason instanceof Fault ? run.signal.reason.code : 'nothing')
      throw new Error('told to stop')
    },
  }
  return { transport, began, ended }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(2)
}

const wish = (text: string, also: object = {}) => ({ link: { kind: 'url', text }, ...also })

test('ten workers run two thousand steps, none of them twice', async (t) => {
  const runs = new Map<string, number>()
  const engines: Partial<Engines> = {
    ...idleEngines,
    transports: [
      {
        ...nothing,
        name: 'idle',
        async fetch(part) {
          runs.set(part.name, (runs.get(part.name) ?? 0) + 1)
          return []
        },
      },
    ],
  }
  const wide = { resolve: 40, fetch: 40, deliver: 40, perAccount: 40 }
  const pipeline = await testPipeline(t, (await testDatabase(t)).url, engines, wide)
  const jobs = await pipeline.start(...Array.from({ length: 667 }, (_, n) => `https://x.example/${n}`))
  await Promise.all(Array.from({ length: 10 }, () => pipeline.worker()))
  for (const job of jobs) assert.equal(await pipeline.until(job), 'done')
  assert.deepEqual([runs.size, new Set(runs.values())], [667, new Set([1])])
  const { rows } = await pipeline.pool.query('select sum(attempt)::int as claims, count(*)::int as steps from steps')
  assert.deepEqual(rows, [{ claims: 2001, steps: 2001 }])
})

test('a running job stops at once when it is paused or cancelled', async (t) => {
  const { transport, began, ended } = endless()
  const engines = { ...idleEngines, transports: [transport] }
  const pipeline = await testPipeline(t, (await testDatabase(t)).url, engines)
  await pipeline.worker()
  const [job = ''] = await pipeline.start('https://x.example/a')
  await until(() => began.length === 1)
  await pipeline.queue.ask(job, 'pause')
  pipeline.bus.publish({ kind: 'asked', jobs: [job] })
  assert.equal(await pipeline.until(job, 'paused'), 'paused')
  await pipeline.queue.ask(job, 'resume')
  pipeline.bus.publish({ kind: 'ready' })
  await until(() => began.length === 2)
  await pipeline.queue.ask(job, 'cancel')
  pipeline.bus.publish({ kind: 'asked', jobs: [job] })
  assert.equal(await pipeline.until(job), 'cancelled')
  assert.deepEqual(ended, ['house.stopping', 'job.cancelled'])
})

test('a worker that lost its lease stops its engine', async (t) => {
  const { transport, began, ended } = endless()
  const engines = { ...idleEngines, transports: [transport] }
  const pipeline = await testPipeline(t, (await testDatabase(t)).url, engines)
  await pipeline.worker()
  const [job = ''] = await pipeline.start('https://x.example/a')
  await until(() => began.length === 1)
  await pipeline.pool.query(`update steps set lease_until = now() - interval '1 minute' where state = 'running'`)
  pipeline.bus.publish({ kind: 'asked', jobs: [] })
  await pipeline.pool.query(
    `update steps set attempt = attempt + 1, lease_until = now() + interval '1 minute' where state = 'running'`,
  )
  while (ended.length === 0) {
    pipeline.bus.publish({ kind: 'asked', jobs: [job] })
    await sleep(10)
  }
  assert.deepEqual(ended, ['lease.lost'])
})

test('a worker that stops gives back what it runs, and another one goes on', async (t) => {
  const { transport, began, ended } = endless()
  const engines = { ...idleEngines, transports: [transport] }
  const pipeline = await testPipeline(t, (await testDatabase(t)).url, engines)
  const worker = await pipeline.worker()
  await pipeline.start('https://x.example/a')
  await until(() => began.length === 1)
  await worker[Symbol.asyncDispose]()
  assert.deepEqual([worker.running(), ended], [0, ['house.stopping']])
  const { rows } = await pipeline.pool.query(`select state, tries, deaths from steps where kind = 'fetch'`)
  assert.deepEqual(rows, [{ state: 'ready', tries: 0, deaths: 0 }])
  await pipeline.worker()
  await until(() => began.length === 2)
})

test('pausing everything stops what runs, and resuming goes on with it', async (t) => {
  const { transport, began, ended } = endless()
  const engines = { ...idleEngines, transports: [transport] }
  const pipeline = await testPipeline(t, (await testDatabase(t)).url, engines)
  await pipeline.worker()
  await pipeline.start('https://x.example/a', 'https://x.example/b')
  await until(() => began.length === 2)
  await pipeline.settings.change({ paused: true })
  await until(() => ended.length === 2)
  await pipeline.start('https://x.example/c')
  await pipeline.settings.change({ paused: false })
  await until(() => began.length === 5)
})

test('nothing is fetched while the disk is nearly full, and what is fetched is still delivered', async (t) => {
  let free = 0
  const { transport, fetched } = files()
  const { destination, delivered } = place('nowhere')
  const engines = { ...idleEngines, transports: [transport], destinations: [destination] }
  const pipeline = await testPipeline(t, (await testDatabase(t)).url, engines, { freeBytes: 1000 })
  await pipeline.worker('here', { freeBytes: async () => free })
  const [job = ''] = await pipeline.start('https://x.example/a')
  while ((await pipeline.pool.query(`select from steps where kind = 'fetch'`)).rowCount === 0) await sleep(5)
  pipeline.bus.publish({ kind: 'ready' })
  await sleep(30)
  assert.deepEqual(fetched, [])
  free = 1000
  pipeline.bus.publish({ kind: 'ready' })
  assert.equal(await pipeline.until(job), 'done')
  assert.deepEqual(delivered, [['https://x.example/a']])
})

test('many parts arrive in their order, whichever was fetched first', async (t) => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const { transport } = files()
  const slow: Transport = {
    ...transport,
    async fetch(part, options, run) {
      await sleep((names.length - names.indexOf(part.name)) * 10)
      return await transport.fetch(part, options, run)
    },
  }
  const { destination, delivered } = place('nowhere')
  const engines = {
    sources: [source(() => ({ parts: names.map(idlePart) }))],
    transports: [slow],
    destinations: [destination],
  }
  const pipeline = await testPipeline(t, (await testDatabase(t)).url, engines)
  await pipeline.worker()
  const [job = ''] = await pipeline.start('https://x.example/a')
  assert.equal(await pipeline.until(job), 'done')
  assert.deepEqual(delivered, [names])
  const { rows } = await pipeline.pool.query('select distinct state, path from assets')
  assert.deepEqual(rows, [{ state: 'removed', path: null }], 'scratch goes with the job')
})

test('one destination that fails leaves the other its delivery; retrying fetches nothing again', async (t) => {
  const { transport, fetched } = files()
  let refuse = true
  const good = place('good')
  const bad = place('bad', async () => {
    if (refuse) throw new Fault('destination.denied', { reason: 'no' })
  })
  const engines = {
    sources: [source(() => ({ validators: { etag: '"1"' } }))],
    transports: [transport],
    destinations: [good.destination, bad.destination],
  }
  const pipeline = await testPipeline(t, (await testDatabase(t)).url, engines)
  await pipeline.worker()
  const [job = ''] = await pipeline.start(wish('https://x.example/a', { destinations: ['good', 'bad'] }))
  assert.equal(await pipeline.until(job), 'failed')
  assert.deepEqual([good.delivered, bad.delivered], [[['a']], []])
  refuse = false
  await pipeline.queue.restart(job)
  pipeline.bus.publish({ kind: 'ready' })
  assert.equal(await pipeline.until(job), 'done')
  assert.deepEqual([bad.delivered, fetched], [[['a']], ['a']])
  const { rows } = await pipeline.pool.query('select destination from receipts order by 1')
  assert.deepEqual(rows, [{ destination: 'bad' }, { destination: 'good' }])
})

test('a job whose scratch was lost between two steps fetches it again by itself', async (t) => {
  const { transport, fetched } = files()
  let lose = true
  const { destination, delivered } = place('nowhere', async (_names, run) => {
    if (!lose) return
    lose = false
    await rm(join(run.dir, '..', '1'), { recursive: true })
    throw new Fault('destination.unreachable', { reason: 'later' })
  })
  const engines = { ...idleEngines, transports: [transport], destinations: [destination] }
  const pipeline = await testPipeline(t, (await testDatabase(t)).url, engines)
  await pipeline.worker()
  const [job = ''] = await pipeline.start('https://x.example/a')
  assert.equal(await pipeline.until(job), 'done')
  assert.deepEqual([fetched.length, delivered.length], [2, 1])
})

test('the same thing asked for again comes from the store while it is unchanged, and the same bytes are kept once', async (t) => {
  let etag = '"1"'
  const { transport, fetched } = files(() => 'the same bytes')
  const { destination, delivered } = place('library')
  const keeping: Destination = {
    ...destination,
    async deliver(assets, to, options, run) {
      for (const asset of assets) await store.put(asset.path, asset.sha256)
      return await destination.deliver(assets, to, options, run)
    },
  }
  const engines = {
    sources: [source(() => ({ validators: { etag } }))],
    transports: [transport],
    destinations: [keeping],
  }
  const pipeline = await testPipeline(t, (await testDatabase(t)).url, engines)
  const { diskStore } = await import('#adapters/disk/store.ts')
  const store = diskStore(join(pipeline.root, 'store'))
  await pipeline.worker()
  const ask = async (originKey: string) => {
    const [job = ''] = await pipeline.start(wish('https://x.example/a', { originKey, destinations: ['library'] }))
    assert.equal(await pipeline.until(job), 'done')
    return fetched.length
  }
  assert.equal(await ask('thing'), 1)
  assert.equal(await ask('thing'), 1, 'unchanged')
  await pipeline.pool.query(`delete from steps where kind <> 'resolve'`)
  assert.equal(await ask('thing'), 1, 'also when the steps of then are forgotten')
  assert.equal(await ask('another recipe'), 2)
  etag = '"2"'
  assert.equal(await ask('thing'), 3, 'changed')
  const { rows } = await pipeline.pool.query<{ sha256: string }>(`select sha256 from assets where state = 'kept'`)
  assert.equal(rows.length, 1)
  await store.remove(rows[0]?.sha256 ?? '')
  assert.equal(await ask('thing'), 4, 'the store has lost it')
  assert.equal(delivered.length, 6)
})

test('a fault that passes is tried again until it is over or was often enough, and its own code stays', async (t) => {
  let failures = 0
  const failing: Transport = {
    ...nothing,
    name: 'idle',
    async fetch(part) {
      if (part.name === 'never' || failures++ < 3) throw new Fault('source.broken', { reason: 'HTTP 500' })
      return []
    },
  }
  const engines = { ...idleEngines, transports: [failing], sources: [source((link) => ({ parts: [idlePart(link)] }))] }
  const pipeline = await testPipeline(t, (await testDatabase(t)).url, engines)
  await pipeline.worker()
  const [over = '', never = ''] = await pipeline.start('soon', 'never')
  const sweep = setInterval(
    () =>
      void pipeline.queue.sweep(new Fault('step.deadly').view()).then(() => pipeline.bus.publish({ kind: 'ready' })),
    20,
  )
  t.after(() => clearInterval(sweep))
  assert.equal(await pipeline.until(over), 'done')
  assert.equal(await pipeline.until(never), 'failed')
  clearInterval(sweep)
  const { rows } = await pipeline.pool.query(
    `select j.fault, s.tries from jobs j join steps s on s.job_id = j.id and s.kind = 'fetch' where j.id = $1`,
    [never],
  )
  assert.deepEqual(rows, [
    {
      fault: {
        code: 'source.broken',
        says: 'The site failed (HTTP 500). It was tried 6 times.',
        next: 'stop',
        facts: { reason: 'HTTP 500', tries: 6 },
      },
      tries: 6,
    },
  ])
})

test('of several sources the next is asked only when one declines', async (t) => {
  const asked: string[] = []
  const one = (name: string, claim: number, fault?: Fault): Source => ({
    ...nothing,
    name,
    claims: () => claim,
    async resolve(link) {
      asked.push(name)
      if (fault) throw fault
      return { title: link.text, source: name, parts: [idlePart('a')] }
    },
  })
  const sources = [
    one('least', 0.1),
    one('gone', 0.5, new Fault('source.gone', { reason: 'x' })),
    one('not', 0),
    one('first', 0.9, new Fault('source.declined')),
  ]
  const pipeline = await testPipeline(t, (await testDatabase(t)).url, { ...idleEngines, sources })
  await pipeline.worker()
  const [job = ''] = await pipeline.start('https://x.example/a')
  assert.equal(await pipeline.until(job), 'failed')
  assert.deepEqual(asked, ['first', 'gone'])
})

test('a job for an engine or a recipe that is not here fails with a word', async (t) => {
  const { transport } = files()
  const parts = [{ ...idlePart('a'), transport: 'pigeon' }]
  const engines = {
    sources: [source((link) => (link === 'pigeon' ? { parts } : link === 'empty' ? { parts: [] } : {}))],
    transports: [transport],
  }
  const pipeline = await testPipeline(t, (await testDatabase(t)).url, engines)
  await pipeline.worker()
  const jobs = await pipeline.start(
    'pigeon',
    'empty',
    wish('x', { recipe: 'magic' }),
    wish('y', { destinations: ['moon'] }),
  )
  const codes = []
  for (const job of jobs) {
    await pipeline.until(job)
    const { rows } = await pipeline.pool.query(`select fault ->> 'code' as code from jobs where id = $1`, [job])
    codes.push(rows[0]?.code)
  }
  assert.deepEqual(codes, ['house.absent', 'source.gone', 'input.unknown', 'destination.unknown'])
  assert.deepEqual(await readdir(join(pipeline.root, 'secrets')).catch(() => []), [])
})

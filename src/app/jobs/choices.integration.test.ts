import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { type FaultCode, Fault, isFault } from '@jackdaw/contract/faults.ts'
import type { Media } from '@jackdaw/contract/nouns/media.ts'
import { JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { door } from '#app/door.ts'
import { memory } from '#app/idempotency.ts'
import { jobsOperations } from '#app/jobs/operations.ts'
import { admit, assemble } from '#app/router.ts'
import { createBus } from '#kernel/bus.ts'
import { newId } from '#kernel/ids.ts'
import type { NewList, NewStep } from '#pipeline/queue.ts'
import { rename } from '#processors/rename/processor.ts'
import { fakeDoor } from '#test/fakes/door.ts'
import { fakeParts } from '#test/fakes/operations.ts'
import { newJob, testQueue } from '#test/queue.ts'

/** The operations of jobs on a real database, for one member; the test itself is the worker. */
async function house(t: TestContext) {
  const queue = await testQueue(t)
  const { db, pool } = queue
  const jobs = jobsOperations({
    pool,
    bus: createBus(),
    queue: queue.queue,
    seal: (secrets) => `sealed ${JSON.stringify(secrets)}`,
    unseal: (sealed) => JSON.parse(sealed.slice('sealed '.length)) as unknown,
    checkDestination: () => {},
    processors: [rename],
  })
  const ports = {
    ...fakeDoor(),
    memory: memory(db, Buffer.alloc(32, 1)),
    authenticate: async () => ({ account: 'ann', role: 'member' as const, via: 'token' as const }),
  }
  const router = assemble({ ...fakeParts(), ...jobs }, { door: door(ports as never), capabilities: new Set() })
  await pool.query(`insert into accounts (id, name, role) values ('ann', 'ann', 'member')`)
  const ann = admit(router, { credential: 'x', requestId: 'r' })
  /** What a worker would write when the source has answered. */
  const resolved = async (result: { media?: Media; list?: NewList; fails?: Fault }) => {
    const [step] = await queue.take()
    assert.ok(step)
    if (result.fails) return await queue.queue.release(step, 'failed', { fault: result.fails.view() })
    const { media } = result
    const plan = [waiting(media ? 'choose' : 'gather')]
    const until = plan[0]?.readyAt ?? ''
    return await queue.queue.finish(step, {
      output: [],
      plan,
      title: 'A film',
      ...(media && { asked: { media, choices: media.choices?.length ?? 0, until } }),
      ...(result.list && { list: result.list }),
    })
  }
  return { ...queue, ann, resolved }
}

function waiting(engine: 'choose' | 'gather'): NewStep {
  const isChoice = engine === 'choose'
  return {
    id: newId(),
    index: 1,
    kind: isChoice ? 'resolve' : 'process',
    engine,
    label: engine,
    site: '',
    input: {},
    after: [],
    waits: isChoice ? 0 : 1,
    optional: false,
    machine: null,
    checkpoint: null,
    ...(isChoice && { readyAt: new Date(Date.now() + 3_600_000).toISOString() }),
  }
}

const refused = (code: FaultCode, why?: RegExp) => (thrown: unknown) => {
  assert.ok(isFault(thrown, code), String(thrown))
  if (why) assert.match(thrown.message, why)
  return true
}

const part = { transport: 'http', name: 'x', site: '', request: { url: 'https://secret.example/signed' } }
const film: Media = {
  title: 'A film',
  source: 'test',
  about: { durationSeconds: 90 },
  parts: [],
  choices: [
    { id: '1080', kind: 'video', label: '1080p', height: 1080, bytes: 900, parts: [part] },
    { id: '480', kind: 'video', label: '480p', height: 480, bytes: 300, parts: [part] },
  ],
  subtitles: [{ language: 'en', automatic: true, part }],
}
const open = { link: 'https://example.org/a' }

test('what there is to choose is shown with the one that fits, without the addresses behind it', async (t) => {
  const { ann, resolved } = await house(t)
  const job = await ann.jobs.start({ ...open, options: { chooseSeconds: 60, quality: 720 } })
  await assert.rejects(ann.jobs.choices({ id: job.id }), refused('input.conflict'))
  await resolved({ media: film })
  const asked = await ann.jobs.choices({ id: job.id })
  assert.deepEqual(
    asked.choices.map(({ id, bytes }) => [id, bytes]),
    [
      ['1080', 900],
      ['480', 300],
    ],
  )
  assert.deepEqual(
    [asked.title, asked.fits?.choice, asked.subtitles],
    ['A film', '480', [{ language: 'en', automatic: true }]],
  )
  assert.doesNotMatch(JSON.stringify(asked), /signed/)
  assert.equal((await ann.jobs.get({ id: job.id })).doing, 'waiting for a choice')
  await assert.rejects(ann.jobs.choose({ id: job.id, choice: '4320' }), refused('input.unknown', /4320/))
  await ann.jobs.choose({ id: job.id, choice: '1080' })
  await assert.rejects(ann.jobs.choose({ id: job.id }), refused('input.conflict'))
})

test('a list shows its entries, and what is asked of it is asked of them', async (t) => {
  const { ann, resolved, pool, take, queue } = await house(t)
  const job = await ann.jobs.start(open)
  const children = [newJob(), newJob()]
  const batch = { id: newId(), name: 'A list', strict: false, wishKey: 'l' }
  await resolved({ list: { batch, jobs: children, inAll: 2, skipped: [] } })
  const [first] = children
  const states = async () => (await ann.jobs.list({ batch: batch.id })).jobs.map(({ state }) => state)
  assert.equal((await ann.jobs.get({ id: job.id })).list, batch.id)
  await ann.jobs.pause({ id: job.id })
  assert.deepEqual(await states(), ['paused', 'paused'])
  await ann.jobs.resume({ id: job.id })
  assert.deepEqual(await states(), ['queued', 'queued'])
  const step = (await take()).find(({ job_id }) => job_id === first?.id)
  assert.ok(step)
  await queue.release(step, 'failed', { fault: new Fault('source.gone', { reason: 'x' }).view() })
  await ann.jobs.cancel({ id: job.id })
  const { rows } = await pool.query(`select 1 from steps where asked = 'cancel' or state in ('ready', 'waiting')`)
  assert.equal(rows.length, 1, 'the one that runs is asked to stop')
  await assert.rejects(ann.jobs.cancel({ id: first?.id ?? '' }), refused('input.conflict'))
})

test('a failed job is begun anew with another recipe, other options and a password', async (t) => {
  const { ann, resolved, pool } = await house(t)
  const job = await ann.jobs.start({ link: 'https://me:hush@example.org/a.7z', options: { limit: 5 } })
  await assert.rejects(ann.jobs.retry({ id: job.id }), refused('input.conflict', /queued/))
  await resolved({ fails: new Fault('process.password', { name: 'a.7z' }) })
  await assert.rejects(ann.jobs.retry({ id: job.id, recipe: 'magic' }), refused('input.unknown'))
  const steps = [{ use: 'renam', with: {}, optional: false }]
  await assert.rejects(ann.jobs.retry({ id: job.id, options: { steps } }), refused('input.invalid', /renam/))
  const again = await ann.jobs.retry({
    id: job.id,
    recipe: 'plain',
    options: { name: 'b' },
    secrets: { archivePassword: 'sesame' },
  })
  assert.equal(again.state, 'queued')
  const { rows } = await pool.query<{ recipe: string; options: object; sealed: string; changed: boolean }>(
    'select recipe, options, sealed from jobs',
  )
  assert.deepEqual([rows[0]?.recipe, rows[0]?.options], ['plain', { limit: 5, name: 'b' }])
  const secrets = JobSecrets.parse(JSON.parse((rows[0]?.sealed ?? '').slice('sealed '.length)))
  assert.deepEqual(secrets, { user: 'me', password: 'hush', archivePassword: 'sesame' })
  // It is that wish now: asked for in these words, it is found open.
  const same = await ann.jobs.start({
    link: 'https://me:hush@example.org/a.7z',
    recipe: 'plain',
    options: { name: 'b', limit: 9 },
    secrets: { archivePassword: 'sesame' },
  })
  assert.equal(same.id, job.id)
})

test('the entries of a list that lie elsewhere are not told what opens the list, not when it is begun anew either', async (t) => {
  const { ann, resolved, pool, take, queue } = await house(t)
  const job = await ann.jobs.start(open)
  const at = (text: string) => ({ ...newJob(), link: { kind: 'url', text } })
  const children = [at('https://example.org/1'), at('https://evil.example/2')]
  const batch = { id: newId(), name: 'A list', strict: false, wishKey: 'l' }
  await resolved({ list: { batch, jobs: children, inAll: 2, skipped: [] } })
  for (const step of await take())
    await queue.release(step, 'failed', { fault: new Fault('source.denied', { reason: 'x' }).view() })
  const [gather] = await take()
  assert.ok(gather)
  await queue.release(gather, 'failed', { fault: new Fault('source.denied', { reason: 'x' }).view() })
  const secrets = { headers: { authorization: 'hush' }, user: 'me', password: 'hush', cookies: 'c' }
  await ann.jobs.retry({ id: job.id, secrets })
  const { rows } = await pool.query<{ sealed: string }>('select sealed from jobs where batch_id = $1 order by link', [
    batch.id,
  ])
  const told = rows.map(({ sealed }) => JSON.parse(sealed.slice('sealed '.length)) as unknown)
  assert.deepEqual(told, [{ cookies: 'c' }, secrets])
})

test('what the database cannot store is refused as what it is, wherever it is said', async (t) => {
  const { ann, resolved } = await house(t)
  const nul = 'a\u0000b'
  const one = await ann.jobs.start({ ...open, options: { chooseSeconds: 60 } })
  await resolved({ media: film })
  await assert.rejects(ann.jobs.choose({ id: one.id, choice: nul }), refused('input.unknown'))
  const two = await ann.jobs.start({ link: 'https://example.org/b' })
  await resolved({ fails: new Fault('source.gone', { reason: 'x' }) })
  await assert.rejects(ann.jobs.retry({ id: two.id, options: { name: nul } }), refused('input.invalid'))
  await assert.rejects(ann.jobs.retry({ id: two.id, secrets: { password: 'half \uD83D' } }), refused('input.invalid'))
  await assert.rejects(ann.jobs.get({ id: nul }), refused('input.unknown'))
  assert.deepEqual((await ann.jobs.list({ search: nul })).jobs, [])
  await assert.rejects(ann.batches.get({ id: nul }), refused('input.invalid'))
})

test('of the jobs of another account nobody sees or changes anything', async (t) => {
  const { ann, resolved, pool } = await house(t)
  const asking = await ann.jobs.start({ ...open, options: { chooseSeconds: 60 } })
  await resolved({ media: film })
  const failed = await ann.jobs.start({ link: 'https://example.org/b' })
  await resolved({ fails: new Fault('source.gone', { reason: 'x' }) })
  await pool.query(`insert into accounts (id, name, role) values ('bob', 'bob', 'member')`)
  await pool.query(`update jobs set account_id = 'bob'`)
  const before = (await pool.query('select * from jobs order by id')).rows
  const { jobs } = ann
  const secrets = { password: 'x' }
  for (const tried of [
    () => jobs.get({ id: asking.id }),
    () => jobs.choices({ id: asking.id }),
    () => jobs.choose({ id: asking.id, choice: '480' }),
    () => jobs.retry({ id: failed.id, recipe: 'plain', secrets }),
    () => jobs.cancel({ id: asking.id }),
    () => jobs.move({ id: asking.id, to: 'next' }),
  ]) {
    await assert.rejects(tried(), refused('input.unknown'))
  }
  assert.deepEqual((await jobs.list({})).jobs, [])
  assert.deepEqual((await pool.query('select * from jobs order by id')).rows, before)
})

test('what was made before is forgotten when something else is asked for, and only then', async (t) => {
  const { ann, resolved, pool } = await house(t)
  const job = await ann.jobs.start(open)
  await resolved({ fails: new Fault('source.gone', { reason: 'x' }) })
  const proof = async () =>
    (await pool.query<{ validators: unknown }>('select validators from jobs')).rows[0]?.validators
  for (const [options, left] of [
    [{ connections: 4, name: 'b' }, { etag: '1' }],
    [{ audio: 'flac' as const }, null],
  ] as const) {
    await pool.query(`update jobs set state = 'failed', validators = '{"etag": "1"}'`)
    await pool.query(`update steps set state = 'failed'`)
    await ann.jobs.retry({ id: job.id, options })
    assert.deepEqual(await proof(), left)
  }
})

test('another recipe takes the place of the steps, and plain of all that would be made of the files', async (t) => {
  const { ann, resolved, pool } = await house(t)
  const steps = [{ use: 'rename', with: {}, optional: false }]
  const options = { limit: 5, quality: 720 as const, clips: [{ from: 100 }], exact: true, steps }
  const job = await ann.jobs.start({ link: 'https://example.org/a.mp4', options })
  const fails = new Fault('process.failed', { reason: 'nothing is there' })
  const left = async () => (await pool.query<{ options: object }>('select options from jobs')).rows[0]?.options
  await resolved({ fails })
  await ann.jobs.retry({ id: job.id, recipe: 'default' })
  assert.deepEqual(await left(), { limit: 5, quality: 720, clips: [{ from: 100 }], exact: true })
  await resolved({ fails })
  await ann.jobs.retry({ id: job.id, recipe: 'plain' })
  assert.deepEqual(await left(), { limit: 5, quality: 720 })
})

test('what an account wants is taken where the wish says nothing, and its recipes are known to it', async (t) => {
  const { ann, pool } = await house(t)
  await pool.query(`update accounts set preferences = $1 where id = 'ann'`, [
    JSON.stringify({ quality: 480, subs: ['en'], recipe: 'mine' }),
  ])
  await pool.query(`insert into recipes (account_id, name, steps) values ('ann', 'mine', '[]')`)
  const stored = async (id: string) =>
    (await pool.query('select recipe, options from jobs where id = $1', [id])).rows[0] as object
  const one = await ann.jobs.start(open)
  assert.deepEqual(await stored(one.id), { recipe: 'mine', options: { quality: 480, subs: ['en'] } })
  const two = await ann.jobs.start({ ...open, recipe: 'plain', options: { audio: 'mp3' } })
  assert.deepEqual(await stored(two.id), { recipe: 'plain', options: { audio: 'mp3', subs: ['en'] } })
})

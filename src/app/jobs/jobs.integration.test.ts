import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { type FaultCode, Fault, isFault } from '@jackdaw/contract/faults.ts'
import type { Job } from '@jackdaw/contract/nouns/job.ts'
import { createBus, type Message } from '#kernel/bus.ts'
import type { Role } from '#app/access.ts'
import { door } from '#app/door.ts'
import { memory } from '#app/idempotency.ts'
import { jobsOperations } from '#app/jobs/operations.ts'
import { queueOperations } from '#app/queue/operations.ts'
import { admit, assemble } from '#app/router.ts'
import { openSettings } from '#pipeline/settings.ts'
import { fakeDoor } from '#test/fakes/door.ts'
import { fakeParts } from '#test/fakes/operations.ts'
import { testLimits } from '#test/pipeline.ts'
import { testQueue } from '#test/queue.ts'

/** The operations of jobs and queue on a real database, behind the real door. */
async function house(t: TestContext) {
  const queue = await testQueue(t)
  const { db, pool } = queue
  const bus = createBus()
  const said: Message[] = []
  bus.subscribe((message) => void said.push(message))
  const settings = await openSettings({ pool, bus, defaults: testLimits })
  t.after(() => settings[Symbol.dispose]())
  const jobs = jobsOperations({
    pool,
    bus,
    queue: queue.queue,
    seal: (secrets) => `sealed ${JSON.stringify(secrets)}`,
    checkDestination(destination) {
      if (destination !== 'library' && !destination.startsWith('folder:'))
        throw new Fault('destination.unknown', { destination })
    },
    processors: [],
    unseal: (sealed) => JSON.parse(sealed.slice('sealed '.length)) as unknown,
  })
  const ports = {
    ...fakeDoor(),
    memory: memory(db, Buffer.alloc(32, 1)),
    authenticate: async (credential: string) => {
      const [account = '', role] = credential.split(' ')
      return { account, role: role as Role, via: 'token' as const }
    },
  }
  const parts = { ...fakeParts(), ...jobs, queue: queueOperations({ pool, bus, settings }) }
  const router = assemble(parts, { door: door(ports as never), capabilities: new Set() })
  const as = (credential: string, idempotencyKey?: string) =>
    admit(router, { credential, requestId: 'r', ...(idempotencyKey !== undefined && { idempotencyKey }) })
  await pool.query(`insert into accounts (id, name, role) values ('ann', 'ann', 'member'), ('bob', 'bob', 'member')`)
  return { ...queue, said, as, owner: as('owner owner'), ann: as('ann member'), bob: as('bob member') }
}

const refused = (code: FaultCode, why?: RegExp) => (thrown: unknown) => {
  assert.ok(isFault(thrown, code), String(thrown))
  if (why) assert.match(thrown.message, why)
  return true
}
const ids = (jobs: readonly Job[]) => jobs.map(({ id }) => id)
const open = { link: 'https://example.org/a' }

test('a wish becomes a queued job, and its secrets are seen nowhere', async (t) => {
  const { ann, pool } = await house(t)
  const job = await ann.jobs.start({ link: 'https://me:hush@example.org/film.mp4', priority: 1, category: 'films' })
  assert.deepEqual(
    [job.link, job.title, job.state, job.priority, job.category, job.destinations, job.account],
    ['https://example.org/film.mp4', 'film.mp4', 'queued', 1, 'films', ['library'], 'ann'],
  )
  const { rows } = await pool.query('select sealed from jobs')
  assert.deepEqual(rows, [{ sealed: 'sealed {"user":"me","password":"hush"}' }])
  const { rows: events } = await pool.query('select data::text as data from events')
  assert.doesNotMatch(JSON.stringify([job, events, await ann.jobs.get({ id: job.id })]), /hush/)
})

test('what cannot be fetched or delivered is refused and leaves nothing behind', async (t) => {
  const { ann, pool } = await house(t)
  await assert.rejects(ann.jobs.start({ link: 'file:///etc/passwd' }), refused('link.invalid'))
  await assert.rejects(ann.jobs.start({ ...open, recipe: 'magic' }), refused('input.unknown', /recipe magic/))
  await assert.rejects(ann.jobs.start({ ...open, destinations: ['moon'] }), refused('destination.unknown'))
  await assert.rejects(ann.jobs.start({ ...open, options: { name: 'a\u0000b' } }), refused('input.invalid', /stored/))
  await assert.rejects(ann.jobs.start({ ...open, category: '\uD83D' }), refused('input.invalid', /stored/))
  await assert.rejects(
    ann.jobs.startMany({ lines: [open, { link: 'gopher://x/' }] }),
    refused('input.invalid', /line 2: .*gopher/),
  )
  assert.equal((await pool.query('select from jobs')).rowCount, 0)
  assert.equal((await pool.query('select from batches')).rowCount, 0)
})

test('the same open wish is one job, also when it is asked for many times at one moment', async (t) => {
  const { ann, bob, pool } = await house(t)
  const jobs = await Promise.all(Array.from({ length: 10 }, () => ann.jobs.start(open)))
  assert.equal(new Set(ids(jobs)).size, 1)
  const others = await Promise.all([
    bob.jobs.start(open),
    ann.jobs.start({ ...open, destinations: ['folder:/srv'] }),
    ann.jobs.start({ ...open, options: { name: 'other' } }),
  ])
  assert.equal(new Set(ids([...jobs, ...others])).size, 4)
  await ann.jobs.cancel({ id: jobs[0]?.id ?? '' })
  assert.notEqual((await ann.jobs.start(open)).id, jobs[0]?.id)
  assert.equal((await pool.query('select from jobs')).rowCount, 5)
})

test('the same open list is one batch, also when it is asked for many times at one moment', async (t) => {
  const { ann } = await house(t)
  const lines = ['a', 'b', 'c'].map((name) => ({ link: `https://example.org/${name}` }))
  const batches = await Promise.all(Array.from({ length: 6 }, () => ann.jobs.startMany({ lines })))
  assert.equal(new Set(batches.map(({ batch }) => batch)).size, 1)
  for (const { jobs } of batches) assert.deepEqual(ids(jobs), ids(batches[0]?.jobs ?? []))
  assert.notEqual((await ann.jobs.startMany({ lines, strict: true })).batch, batches[0]?.batch)
  for (const id of ids(batches[0]?.jobs ?? [])) await ann.jobs.cancel({ id })
  assert.notEqual((await ann.jobs.startMany({ lines })).batch, batches[0]?.batch)
})

test('a batch of ten thousand lines keeps its order', async (t) => {
  const { ann } = await house(t)
  const lines = Array.from({ length: 10_000 }, (_, n) => ({ link: `https://example.org/${n}` }))
  const { batch, jobs } = await ann.jobs.startMany({ name: 'many', lines })
  assert.deepEqual(
    jobs.map(({ link }) => link),
    lines.map(({ link }) => link),
  )
  const { name, totals } = await ann.batches.get({ id: batch })
  assert.deepEqual([name, totals], ['many', { queued: 10_000 }])
})

test('jobs are listed newest first, in pages, by state, batch, category and words', async (t) => {
  const { ann } = await house(t)
  const { batch, jobs } = await ann.jobs.startMany({
    lines: ['one', '50%', 'under_score', 'Four'].map((name) => ({
      link: `https://example.org/${encodeURIComponent(name)}`,
    })),
  })
  const single = await ann.jobs.start({ ...open, category: 'films' })
  await ann.jobs.cancel({ id: single.id })
  const newest = ids([...jobs, single]).toReversed()
  const first = await ann.jobs.list({ limit: 3 })
  assert.deepEqual(ids(first.jobs), newest.slice(0, 3))
  const second = await ann.jobs.list({ limit: 3, before: first.next ?? '' })
  assert.deepEqual([ids(second.jobs), second.next], [newest.slice(3), null])
  assert.equal((await ann.jobs.list({ limit: 5 })).next, null, 'a full last page has no next one')
  const found = async (filter: object) => ids((await ann.jobs.list(filter)).jobs)
  assert.deepEqual(await found({ state: 'cancelled' }), [single.id])
  assert.deepEqual(await found({ state: 'open' }), newest.slice(1))
  assert.deepEqual(await found({ batch }), newest.slice(1))
  assert.deepEqual(await found({ category: 'films' }), [single.id])
  assert.deepEqual(await found({ search: 'FOUR' }), [jobs[3]?.id])
  assert.deepEqual(await found({ search: '50%' }), [jobs[1]?.id])
  assert.deepEqual(await found({ search: 'r_s' }), [jobs[2]?.id])
  assert.deepEqual(await found({ search: '\\' }), [])
  assert.deepEqual(await found({ search: 'o\u0000ne' }), [jobs[0]?.id])
})

test('whatever does not fit the state of a job is refused in words', async (t) => {
  const { ann, queue, take, said } = await house(t)
  const { id } = await ann.jobs.start(open)
  await assert.rejects(ann.jobs.retry({ id }), refused('input.conflict', /the job is queued/))
  assert.equal((await ann.jobs.pause({ id })).state, 'paused')
  assert.equal((await ann.jobs.pause({ id })).state, 'paused')
  assert.equal((await ann.jobs.resume({ id })).state, 'queued')
  const [step] = await take()
  assert.ok(step)
  assert.equal((await ann.jobs.cancel({ id })).doing, 'cancelling')
  assert.ok(said.some((message) => message.kind === 'asked' && message.jobs.includes(id)))
  await assert.rejects(ann.jobs.resume({ id }), refused('input.conflict', /is being cancelled/))
  await assert.rejects(ann.jobs.pause({ id }), refused('input.conflict', /is being cancelled/))
  assert.equal((await ann.jobs.cancel({ id })).state, 'running')
  await queue.release(step, 'ready')
  assert.equal((await ann.jobs.cancel({ id })).state, 'cancelled')
  await assert.rejects(ann.jobs.pause({ id }), refused('input.conflict', /the job is cancelled/))
  await assert.rejects(ann.jobs.move({ id, to: 'next' }), refused('input.conflict', /is cancelled/))
  await assert.rejects(ann.jobs.prioritise({ id, priority: 1 }), refused('input.conflict', /is cancelled/))
  assert.equal((await ann.jobs.retry({ id })).state, 'queued')
  for (const now of await take()) await queue.finish(now, { output: [] })
  await assert.rejects(ann.jobs.retry({ id }), refused('input.conflict', /the job is done/))
})

test('jobs of other accounts are unknown to a member, and open to the owner', async (t) => {
  const { ann, bob, owner } = await house(t)
  const mine = await bob.jobs.start(open)
  const { id } = await ann.jobs.start(open)
  const { batch } = await ann.jobs.startMany({ lines: [{ link: 'https://example.org/b' }] })
  const calls = [
    () => bob.jobs.get({ id }),
    () => bob.jobs.pause({ id }),
    () => bob.jobs.resume({ id }),
    () => bob.jobs.cancel({ id }),
    () => bob.jobs.retry({ id }),
    () => bob.jobs.prioritise({ id, priority: 1 }),
    () => bob.jobs.move({ id, to: 'next' }),
    () => bob.jobs.move({ id: mine.id, to: { before: id } }),
    () => bob.batches.get({ id: batch }),
    () => bob.batches.retry({ id: batch }),
    async () => await (await bob.jobs.events({ id })).next(),
    () => bob.jobs.get({ id: '\u0000' }),
  ]
  for (const call of calls) await assert.rejects(call, refused('input.unknown'))
  assert.deepEqual(ids((await bob.jobs.list({})).jobs), [mine.id])
  assert.equal((await owner.jobs.list({})).jobs.length, 3)
  assert.equal((await owner.jobs.pause({ id })).state, 'paused')
  await assert.rejects(
    owner.jobs.move({ id, to: { before: mine.id } }),
    refused('input.conflict', /different accounts/),
  )
  await assert.rejects(bob.queue.pause(), refused('access.denied'))
})

test('order and priority are changed by hand', async (t) => {
  const { ann, take } = await house(t)
  const { jobs } = await ann.jobs.startMany({
    lines: ['a', 'b', 'c'].map((name) => ({ link: `https://${name}.example/` })),
  })
  const [a = '', b = '', c = ''] = ids(jobs)
  await ann.jobs.move({ id: c, to: { before: a } })
  assert.equal((await ann.jobs.prioritise({ id: b, priority: 1 })).priority, 1)
  const order: string[] = []
  for (let n = 0; n < 3; n++) order.push(...(await take({ resolve: n + 1 })).map(({ job_id }) => job_id))
  assert.deepEqual(order, [b, c, a])
})

test('the failed jobs of a batch are begun anew together', async (t) => {
  const { ann, queue, take } = await house(t)
  const { batch, jobs } = await ann.jobs.startMany({
    lines: ['a', 'b'].map((name) => ({ link: `https://${name}.example/` })),
  })
  const fault = new Fault('source.gone', { reason: 'HTTP 404' }).view()
  for (const step of await take()) {
    if (step.job_id === jobs[0]?.id) await queue.release(step, 'failed', { fault, tries: 1 })
    else await queue.finish(step, { output: [] })
  }
  assert.deepEqual((await ann.batches.get({ id: batch })).totals, { failed: 1, done: 1 })
  assert.deepEqual((await ann.jobs.get({ id: jobs[0]?.id ?? '' })).fault, fault)
  const again = await ann.batches.retry({ id: batch })
  assert.deepEqual(
    again.jobs.map(({ id, state, fault: shown }) => [id, state, shown]),
    [[jobs[0]?.id, 'queued', undefined]],
  )
})

test('a repeated request with the same key is answered once', async (t) => {
  const { as, pool } = await house(t)
  const ann = as('ann member', 'key-1')
  const first = await ann.jobs.start(open)
  await as('ann member').jobs.cancel({ id: first.id })
  assert.deepEqual(await ann.jobs.start(open), first)
  assert.equal((await pool.query('select from jobs')).rowCount, 1)
  await assert.rejects(ann.jobs.start({ link: 'https://example.org/b' }), refused('input.conflict'))
})

test('a job is followed from the event that was read last', async (t) => {
  const { ann } = await house(t)
  const { id } = await ann.jobs.start(open)
  await ann.jobs.cancel({ id })
  const events = await Array.fromAsync(await ann.jobs.events({ id }))
  assert.deepEqual(
    events.map(({ type }) => type),
    ['job.queued', 'job.cancelled'],
  )
  const rest = await ann.jobs.events({ id }, { lastEventId: String(events[0]?.seq) })
  assert.deepEqual(await Array.fromAsync(rest), events.slice(1))
  for await (const event of await ann.queue.events({ since: 0 })) {
    assert.equal(event.job, id)
    break
  }
})

test('the queue shows what waits and what runs, pauses and is limited', async (t) => {
  const { owner, take, ann } = await house(t)
  await ann.jobs.startMany({ lines: ['a', 'b'].map((name) => ({ link: `https://${name}.example/` })) })
  await take({ resolve: 1 })
  const shown = await owner.queue.show()
  assert.deepEqual(
    [shown.paused, shown.kinds.resolve],
    [false, { waiting: 0, ready: 1, admitted: 0, running: 1, paused: 0 }],
  )
  assert.deepEqual(await owner.queue.pause(), { paused: true })
  assert.deepEqual((await owner.queue.limit({ fetch: 3, bandwidth: '1M' })).fetch, 3)
  const after = await owner.queue.show()
  assert.deepEqual([after.paused, after.limits.bandwidth, after.limits.perSite], [true, 1_048_576, testLimits.perSite])
  assert.deepEqual(await owner.queue.resume(), { paused: false })
})

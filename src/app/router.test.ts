import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Job } from '@jackdaw/contract/nouns/job.ts'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { fakeDoor, local, token } from '#test/fakes/door.ts'
import { fakeParts } from '#test/fakes/operations.ts'
import { door, os } from './door.ts'
import { admit, assemble } from './router.ts'
import type { Parts } from './router.ts'

const job: Job = {
  id: 'job1',
  account: 'owner',
  link: 'http://example.test/',
  title: '',
  state: 'queued',
  priority: 0,
  destinations: ['library'],
  createdAt: '2026-01-01T00:00:00Z',
  startedAt: null,
  endedAt: null,
}
const everything = new Set(['library'])

function house(given: Parameters<typeof fakeParts>[0] = {}) {
  const ports = fakeDoor()
  const router = assemble(fakeParts(given), { door: door(ports), capabilities: everything })
  return { ports, client: admit(router, { credential: local, requestId: 'r1', address: '127.0.0.1' }), router }
}

const refusal = (code: string) => (thrown: unknown) => thrown instanceof Fault && thrown.code === code

test('the boot fails when an operation has no handler, and names it', () => {
  const parts = fakeParts()
  const planted = { ...parts, jobs: { ...parts.jobs, pause: undefined } } as unknown as Parts
  assert.throws(
    () => assemble(planted, { door: door(fakeDoor()), capabilities: everything }),
    (thrown) => isFault(thrown, 'house.bug') && String(thrown.cause).endsWith('no handler for jobs.pause'),
  )
})

test('the boot fails when a whole group has no handlers', () => {
  const { library: _, ...rest } = fakeParts()
  assert.throws(
    () => assemble(rest as unknown as Parts, { door: door(fakeDoor()), capabilities: everything }),
    (thrown) => isFault(thrown, 'house.bug') && /no handler for library\.list/.test(String(thrown.cause)),
  )
})

test('the boot fails on a handler without an operation', () => {
  const parts = fakeParts()
  const planted = { ...parts, jobs: { ...parts.jobs, explode: parts.jobs.pause } } as unknown as Parts
  assert.throws(
    () => assemble(planted, { door: door(fakeDoor()), capabilities: everything }),
    (thrown) => isFault(thrown, 'house.bug') && /no operation for the handler jobs\.explode/.test(String(thrown.cause)),
  )
})

test('the boot fails when two handlers are swapped', () => {
  const parts = fakeParts()
  const planted: Parts = { ...parts, jobs: { ...parts.jobs, pause: parts.jobs.resume } }
  assert.throws(
    () => assemble(planted, { door: door(fakeDoor()), capabilities: everything }),
    (thrown) => isFault(thrown, 'house.bug') && /jobs\.pause belongs to another operation/.test(String(thrown.cause)),
  )
})

test('an operation whose capability is absent is not mounted and says so in process', async () => {
  const router = assemble(fakeParts(), { door: door(fakeDoor()), capabilities: new Set() })
  assert.equal(Reflect.get(router.library, 'list'), undefined)
  const client = admit(router, { credential: local, requestId: 'r' })
  await assert.rejects(client.library.list({}), refusal('house.absent'))
})

test('handlers see the caller and validated input with defaults', async () => {
  const { client } = house({
    jobs: {
      list: os.jobs.list.handler(async ({ input, context }) => {
        assert.deepEqual(context.caller, { account: 'owner', role: 'owner', via: 'local' })
        assert.equal(input.limit, 50)
        return { jobs: [job], next: null }
      }),
    },
  })
  assert.deepEqual(await client.jobs.list({}), { jobs: [job], next: null })
})

test('without a credential nothing but public operations opens, and a wrong one is refused', async () => {
  const { router } = house()
  for (const credential of [undefined, '', 'wrong', `${token}x`, token.slice(0, -1)])
    await assert.rejects(admit(router, { credential, requestId: 'r' }).jobs.list({}), refusal('access.unauthenticated'))
  await assert.rejects(admit(router, { credential: token, requestId: 'r' }).jobs.list({}), refusal('house.absent'))
})

test('invalid input is a fault that names the place', async () => {
  const { client } = house()
  await assert.rejects(client.jobs.start({ link: '' }), (thrown) => {
    assert.ok(isFault(thrown, 'input.invalid'))
    assert.equal(thrown.facts['path'], 'link')
    assert.match(thrown.message, /^The request is not valid: link: /)
    return true
  })
})

test('the faults of handlers arrive as they were thrown', async () => {
  const original = new Fault('source.gone', { reason: 'HTTP 404' }, { next: 'retry' })
  const { client } = house({
    jobs: {
      get: os.jobs.get.handler(async () => {
        throw original
      }),
    },
  })
  await assert.rejects(client.jobs.get({ id: 'x' }), (thrown) => {
    assert.ok(isFault(thrown))
    assert.deepEqual(thrown.view(), original.view())
    return true
  })
})

test('anything else thrown is house.bug with the request as incident, logged once with its cause', async () => {
  const cause = new TypeError('secret detail')
  const { client, ports } = house({
    jobs: {
      get: os.jobs.get.handler(async () => {
        throw cause
      }),
    },
  })
  await assert.rejects(client.jobs.get({ id: 'x' }), (thrown) => {
    assert.ok(isFault(thrown, 'house.bug'))
    assert.equal(thrown.facts['incident'], 'r1')
    assert.doesNotMatch(thrown.message, /secret detail/)
    return true
  })
  assert.equal(ports.errors.length, 1)
  assert.equal(ports.errors[0]?.['err'], cause)
})

test('an answer that breaks the contract is house.bug', async () => {
  const { client, ports } = house({
    jobs: { pause: os.jobs.pause.handler(async () => ({ ...job, state: 'napping' as 'queued' })) },
  })
  await assert.rejects(client.jobs.pause({ id: 'x' }), refusal('house.bug'))
  assert.equal(ports.errors.length, 1)
})

test('every mutation is audited with its outcome and target, reads are not', async () => {
  const { client, ports, router } = house({
    jobs: {
      start: os.jobs.start.handler(async () => job),
      cancel: os.jobs.cancel.handler(async () => {
        throw new Fault('input.unknown', { noun: 'job', id: 'gone1' })
      }),
      list: os.jobs.list.handler(async () => ({ jobs: [], next: null })),
    },
  })
  await client.jobs.start({ link: 'http://user:secret@example.test/' })
  await client.jobs.list({})
  await assert.rejects(client.jobs.cancel({ id: 'gone1' }))
  await assert.rejects(admit(router, { requestId: 'r2' }).jobs.start({ link: 'abc' }))
  const where = { address: '127.0.0.1', request: 'r1', account: 'owner' }
  assert.deepEqual(ports.audited, [
    { ...where, operation: 'jobs.start', target: 'job1', outcome: 'done' },
    { ...where, operation: 'jobs.cancel', target: 'gone1', outcome: 'input.unknown' },
    {
      address: undefined,
      account: undefined,
      request: 'r2',
      operation: 'jobs.start',
      target: 'abc',
      outcome: 'access.unauthenticated',
    },
  ])
})

test('every call is measured with its outcome', async () => {
  const { client, ports } = house({ jobs: { list: os.jobs.list.handler(async () => ({ jobs: [], next: null })) } })
  await client.jobs.list({})
  await assert.rejects(client.jobs.get({ id: 'x' }))
  assert.deepEqual(
    ports.calls.map(({ operation, outcome }) => ({ operation, outcome })),
    [
      { operation: 'jobs.list', outcome: 'done' },
      { operation: 'jobs.get', outcome: 'house.absent' },
    ],
  )
})

test('a watch that breaks later ends with a fault, and is one call', async () => {
  const { client, ports } = house({
    jobs: {
      events: os.jobs.events.handler(async function* () {
        yield { type: 'job.started', seq: 1, at: job.createdAt, job: job.id, data: {} } as const
        throw new Fault('house.stopping')
      }),
    },
  })
  const seen: number[] = []
  await assert.rejects(async () => {
    for await (const event of await client.jobs.events({ id: 'x' })) if (event.seq !== undefined) seen.push(event.seq)
  }, refusal('house.stopping'))
  assert.deepEqual(seen, [1])
  assert.deepEqual(
    ports.calls.map(({ outcome }) => outcome),
    ['done'],
  )
})

test('a caller that goes is no error', async () => {
  const stop = new AbortController()
  const { router, ports } = house({
    jobs: {
      get: os.jobs.get.handler(async ({ signal }) => {
        stop.abort()
        signal?.throwIfAborted()
        throw new Error('not aborted')
      }),
    },
  })
  const client = admit(router, { credential: local, requestId: 'r', signal: stop.signal })
  await assert.rejects(client.jobs.get({ id: 'x' }), (thrown) => !isFault(thrown))
  assert.deepEqual(ports.errors, [])
  assert.equal(ports.calls[0]?.outcome, 'aborted')
})

test('a lost audit entry is logged and does not fail what was done', async () => {
  const ports = { ...fakeDoor(), audit: async () => await Promise.reject(new Error('no database')) }
  const router = assemble(fakeParts({ jobs: { pause: os.jobs.pause.handler(async () => job) } }), {
    door: door(ports),
    capabilities: everything,
  })
  assert.equal((await admit(router, { credential: local, requestId: 'r' }).jobs.pause({ id: 'x' })).id, 'job1')
  assert.equal(ports.errors.length, 1)
})

test('the signal of the request reaches the handler', async () => {
  const { router } = house({
    jobs: {
      get: os.jobs.get.handler(async ({ signal }) => {
        stop.abort(new Error('gone'))
        signal?.throwIfAborted()
        throw new Fault('house.absent', { reason: 'not aborted' })
      }),
    },
  })
  const stop = new AbortController()
  const client = admit(router, { credential: local, requestId: 'r', signal: stop.signal })
  await assert.rejects(client.jobs.get({ id: 'x' }), /gone/)
})

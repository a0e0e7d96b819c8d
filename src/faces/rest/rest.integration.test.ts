import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import type { Job } from '@jackdaw/contract/nouns/job.ts'
import { Problem } from '@jackdaw/contract/problem.ts'
import { os } from '#app/door.ts'
import { token } from '#test/fakes/door.ts'
import { fakeRest } from '#test/fakes/rest.ts'
import { serveRest } from './server.ts'

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

const json = { 'content-type': 'application/json' }

async function problem(response: Response): Promise<Problem> {
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
  const body = Problem.parse(await response.json())
  assert.equal(body.status, response.status)
  assert.equal(body.requestId, response.headers.get('x-request-id'))
  return body
}

test('a job is started by POST, with defaults, in the name of the token', async (t) => {
  const { call, answered, ports } = await fakeRest(t, {
    parts: {
      jobs: {
        start: os.jobs.start.handler(async ({ input, context }) => {
          assert.equal(context.caller.via, 'token')
          assert.equal(context.idempotencyKey, 'key-1')
          return { ...job, link: input.link }
        }),
      },
    },
  })
  const response = await call('/api/v1/jobs', {
    method: 'POST',
    headers: { ...json, 'idempotency-key': 'key-1', 'x-request-id': 'mine-1' },
    body: JSON.stringify({ link: 'http://a.test/b' }),
  })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('x-request-id'), 'mine-1')
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.deepEqual(await response.json(), { ...job, link: 'http://a.test/b' })
  assert.deepEqual(answered, [{ route: '/api/v1/jobs', status: 200 }])
  assert.equal(ports.audited[0]?.address, '127.0.0.1')
})

test('numbers in a query are numbers, and paths name the job', async (t) => {
  const { call } = await fakeRest(t, {
    parts: {
      jobs: {
        list: os.jobs.list.handler(async ({ input }) => ({ jobs: [], next: String(input.limit) })),
        cancel: os.jobs.cancel.handler(async ({ input }) => ({ ...job, id: input.id })),
      },
    },
  })
  assert.equal(((await (await call('/api/v1/jobs?limit=7')).json()) as { next: string }).next, '7')
  const cancelled = await call('/api/v1/jobs/a%20b/cancel', { method: 'POST', headers: json })
  assert.equal(((await cancelled.json()) as Job).id, 'a b')
})

test('the path says which job is meant, whatever the body says', async (t) => {
  const { call } = await fakeRest(t, {
    parts: { jobs: { cancel: os.jobs.cancel.handler(async ({ input }) => ({ ...job, id: input.id })) } },
  })
  const body = JSON.stringify({ id: 'other' })
  const response = await call('/api/v1/jobs/mine/cancel', { method: 'POST', headers: json, body })
  assert.equal(((await response.json()) as Job).id, 'mine')
})

test('invalid input is a problem that names the place', async (t) => {
  const { call } = await fakeRest(t)
  const body = JSON.stringify({ link: 'x', options: { connections: 0 } })
  const wrong = await problem(await call('/api/v1/jobs', { method: 'POST', headers: json, body }))
  assert.equal(wrong.code, 'input.invalid')
  assert.equal(wrong.status, 422)
  assert.equal(wrong.facts['path'], 'options.connections')
  const query = await problem(await call('/api/v1/jobs?limit=many'))
  assert.match(query.detail, /limit: /)
})

test('whoever has no token or a wrong one is told how to sign in', async (t) => {
  const { rest } = await fakeRest(t)
  for (const headers of [
    {},
    { authorization: 'Bearer wrong' },
    { 'x-api-token': 'wrong' },
    { authorization: 'Basic eDp5' },
  ]) {
    const response = await fetch(`${rest.url}/api/v1/jobs`, { headers: headers as Record<string, string> })
    assert.equal(response.status, 401)
    assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer/)
    assert.equal((await problem(response)).code, 'access.unauthenticated')
  }
  const byHeader = await fetch(`${rest.url}/api/v1/jobs`, { headers: { 'x-api-token': token } })
  assert.equal((await problem(byHeader)).code, 'house.absent')
})

test('pages that do not exist, broken JSON and other media types are problems', async (t) => {
  const { call } = await fakeRest(t)
  assert.equal((await problem(await call('/nothing'))).status, 404)
  const none = await problem(await call('/api/v1/nothing?token=x'))
  assert.equal(none.status, 404)
  assert.doesNotMatch(none.detail, /token=x/)
  const post = (headers: Record<string, string>, body: string) =>
    call('/api/v1/jobs', { method: 'POST', headers, body })
  assert.match((await problem(await post(json, '{"link": '))).detail, /not valid JSON/)
  assert.match((await problem(await post({ 'content-type': 'text/plain' }, 'x'))).detail, /must be JSON/)
  assert.match(
    (await problem(await post({ 'content-type': 'multipart/form-data; boundary=x' }, 'x'))).detail,
    /must be JSON/,
  )
  assert.equal((await problem(await call('/api/v1/%zz'))).status, 422)
})

test('operations of an absent capability say that they are switched off', async (t) => {
  const { call } = await fakeRest(t, { capabilities: new Set() })
  const off = await problem(await call('/api/v1/library/abc'))
  assert.equal(off.code, 'house.absent')
  assert.match(off.detail, /library\.get is switched off/)
  const document = (await (await call('/api/openapi.json')).json()) as { paths: object }
  assert.equal('/library/{id}' in document.paths, false)
})

test('a fault that asks to wait says for how long', async (t) => {
  const { call } = await fakeRest(t, {
    parts: {
      house: {
        engines: os.house.engines.handler(async () => {
          throw new Fault('quota.rate', { retryAfterSeconds: 1.2 })
        }),
      },
    },
  })
  const response = await call('/api/v1/engines')
  assert.equal(response.status, 429)
  assert.equal(response.headers.get('retry-after'), '2')
  await problem(response)
})

test('health is said in words and for machines', async (t) => {
  const fake = await fakeRest(t)
  const get = async (path: string) => {
    const response = await fetch(fake.rest.url + path)
    return { status: response.status, text: await response.text() }
  }
  assert.deepEqual(await get('/health'), { status: 200, text: 'ok\ndatabase: ok - answers\n' })
  assert.equal((await get('/health/live')).status, 200)
  assert.equal((await get('/health/ready')).status, 200)
  assert.equal((JSON.parse((await get('/health/stats')).text) as { version: string }).version, '1.2.3')
  fake.started = false
  assert.deepEqual(await get('/health/startup'), { status: 503, text: 'starting\n' })
  assert.equal((await get('/health/ready')).status, 503)
  fake.started = true
  fake.services = [{ name: 'database', state: 'down', says: 'does not answer: ECONNREFUSED' }]
  assert.equal((await get('/health')).status, 503)
  assert.equal((await get('/health/ready')).status, 503)
  assert.equal((await get('/health/live')).status, 200, 'a process is not restarted because its database is away')
  assert.match((await get('/metrics')).text, /# nothing/)
  assert.equal((await fetch(`${fake.rest.url}/health/live`, { method: 'HEAD' })).status, 200, 'as wget --spider asks')
})

test('the documentation is a page of our own files only', async (t) => {
  const { rest } = await fakeRest(t)
  const page = await fetch(`${rest.url}/api/docs`)
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'; script-src 'self'/)
  const html = await page.text()
  assert.doesNotMatch(html, /https?:\/\//)
  for (const [, path] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const file = await fetch(rest.url + String(path))
    assert.equal(file.status, 200, String(path))
    assert.ok((await file.text()).length > 10)
  }
})

test('pages of other origins may call only when they are listed', async (t) => {
  const { rest } = await fakeRest(t, { options: { origins: ['https://panel.example'] } })
  const preflight = async (origin: string) =>
    await fetch(`${rest.url}/api/v1/jobs`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    })
  const good = await preflight('https://panel.example')
  assert.equal(good.status, 204)
  assert.equal(good.headers.get('access-control-allow-origin'), 'https://panel.example')
  assert.equal((await preflight('https://evil.example')).headers.get('access-control-allow-origin'), null)
})

test('a port that is taken is a fault of the configuration', async (t) => {
  const { rest, router } = await fakeRest(t)
  const none = async () => await Promise.reject(new Error('not asked'))
  const ports = {
    router,
    files: { byLink: none, thumbnail: none },
    health: { services: async () => [], isReady: () => true, overall: () => 'ok', isStarted: () => true },
    metrics: { contentType: '', text: async () => '', request: () => undefined, watching: () => undefined },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    version: '0',
  }
  await assert.rejects(serveRest(ports, { port: rest.port }), (thrown) => isFault(thrown, 'input.config'))
})

test('closing waits for a request under way and takes no further ones', async (t) => {
  const entered = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const { call, rest } = await fakeRest(t, {
    options: { drainMs: 60_000 },
    parts: {
      jobs: {
        pause: os.jobs.pause.handler(async () => {
          entered.resolve()
          await goOn.promise
          return job
        }),
      },
    },
  })
  const answer = call('/api/v1/jobs/x/pause', { method: 'POST' })
  await entered.promise
  const closed = rest[Symbol.asyncDispose]()
  await assert.rejects(fetch(`${rest.url}/health/live`))
  goOn.resolve()
  assert.equal((await answer).status, 200)
  await closed
})

test('a request that does not end is cut when the time is up', async (t) => {
  const entered = Promise.withResolvers<void>()
  const { call, rest } = await fakeRest(t, {
    options: { drainMs: 50 },
    parts: {
      jobs: {
        pause: os.jobs.pause.handler(async ({ signal }) => {
          entered.resolve()
          await new Promise((resolve) => signal?.addEventListener('abort', resolve))
          throw new Error('aborted')
        }),
      },
    },
  })
  const answer = assert.rejects(call('/api/v1/jobs/x/pause', { method: 'POST' }))
  await entered.promise
  await rest[Symbol.asyncDispose]()
  await answer
})

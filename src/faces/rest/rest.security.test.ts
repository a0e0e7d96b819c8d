import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '@jackdaw/contract/faults.ts'
import { os } from '#app/door.ts'
import { token } from '#test/fakes/door.ts'
import { rawHttp } from '#test/fakes/raw-http.ts'
import { fakeRest } from '#test/fakes/rest.ts'

const request = (line: string, ...headers: string[]) =>
  `${[line, ...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`
const good = 'Host: 127.0.0.1'
const auth = `Authorization: Bearer ${token}`
const status = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])

test('a name that was made to point here is refused on every path, even with the token', async (t) => {
  const { rest } = await fakeRest(t)
  for (const path of ['/api/v1/jobs', '/health', '/metrics', '/api/docs', '/files/a/b', '/nothing']) {
    const answer = await rawHttp(rest.url, request(`GET ${path} HTTP/1.1`, 'Host: evil.example', auth))
    assert.equal(status(answer), 421, path)
    assert.match(answer, /"code":"access\.host"/)
  }
  assert.equal(status(await rawHttp(rest.url, request('GET /health HTTP/1.1', 'Host: localhost:1'))), 200)
  assert.equal(
    status(await rawHttp(rest.url, request('GET http://evil.example/health HTTP/1.1', 'Host: evil.example'))),
    421,
  )
})

test('neither a missing host nor two of them pass', async (t) => {
  const { rest } = await fakeRest(t)
  assert.equal(status(await rawHttp(rest.url, request('GET /health HTTP/1.0'))), 421)
  assert.notEqual(status(await rawHttp(rest.url, request('GET /health HTTP/1.1', 'Host: evil.example', good))), 200)
})

test('what a caller sends comes back in no header', async (t) => {
  const { rest } = await fakeRest(t)
  for (const id of ['a b', 'x\tSet-Cookie: a=b', '<script>', 'x'.repeat(65), 'ü', '']) {
    const answer = await rawHttp(rest.url, request('GET /health HTTP/1.1', good, `X-Request-Id: ${id}`))
    assert.match(answer, /\r\nx-request-id: [0-9a-f-]{36}\r\n/i, id)
    assert.doesNotMatch(answer, /set-cookie/i)
  }
  const injected = await rawHttp(rest.url, request('GET /health%0d%0aSet-Cookie:%20a=b HTTP/1.1', good))
  assert.doesNotMatch(injected, /^set-cookie/im)
})

test('a path under /files never becomes a file of this machine', async (t) => {
  const asked: string[] = []
  const { rest } = await fakeRest(t, {
    files: {
      async byLink({ link, signature }) {
        asked.push(`${link} ${signature}`)
        throw new Fault('input.unknown', { noun: 'file', id: link })
      },
      async thumbnail({ sha256 }) {
        throw new Fault('input.unknown', { noun: 'file', id: sha256 })
      },
    },
  })
  for (const path of [
    '/files/../../etc/passwd',
    '/files/%2e%2e/%2e%2e/etc/passwd',
    '/files/..%2f..%2fetc%2fpasswd/x/y',
    '/files/a/b/../../../../etc/passwd',
    '/files/a/b/%00',
    '/files/thumbnail/..%2f..%2fetc%2fpasswd/x',
    '/api/docs/../../package.json',
    '/api/docs/%2e%2e%2fpackage.json',
    '/api/docs/swagger-ui.css.map',
  ]) {
    const answer = await rawHttp(rest.url, request(`GET ${path} HTTP/1.1`, good))
    assert.ok([404, 422].includes(status(answer)), `${path} ${status(answer)}`)
    assert.doesNotMatch(answer, /root:|"scripts"/)
  }
})

test('bodies and headers have limits', async (t) => {
  const { call, rest } = await fakeRest(t)
  const body = JSON.stringify({ link: 'x'.repeat(1024 * 1024) })
  const large = await call('/api/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  assert.equal(large.status, 413)
  const problem = (await large.json()) as { code: string; facts: { limit: number } }
  assert.equal(problem.code, 'input.too-large')
  assert.equal(problem.facts.limit, 1024 * 1024)
  const chunked = request(
    'POST /api/v1/jobs HTTP/1.1',
    good,
    auth,
    'Content-Type: application/json',
    'Transfer-Encoding: chunked',
  )
  const chunk = `100001\r\n${'x'.repeat(0x100001)}\r\n0\r\n\r\n`
  assert.equal(status(await rawHttp(rest.url, chunked + chunk)), 413)
  const headers = await rawHttp(rest.url, request('GET /health HTTP/1.1', good, `X-Long: ${'x'.repeat(20_000)}`))
  assert.equal(status(headers), 431)
  assert.match(headers, /application\/problem\+json/)
})

test('a batch may be as long as the contract allows, and not without end', async (t) => {
  const { call } = await fakeRest(t)
  const post = (bytes: number) =>
    call('/api/v1/batches', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ lines: [{ link: 'https://example.org/' }], name: 'x'.repeat(bytes) }),
    })
  // Too long a name, but read: 10,000 lines of a list need more room than one wish.
  assert.equal((await post(8 * 1024 * 1024)).status, 422)
  assert.equal((await post(16 * 1024 * 1024)).status, 413)
})

test('what is not HTTP gets a problem and is closed', async (t) => {
  const { rest } = await fakeRest(t)
  const answer = await rawHttp(rest.url, 'GARBAGE\r\n\r\n')
  assert.equal(status(answer), 400)
  assert.match(answer, /"code":"input\.invalid"/)
})

test('a request with two lengths is refused', async (t) => {
  const { rest } = await fakeRest(t)
  const smuggled = request(
    'POST /api/v1/jobs HTTP/1.1',
    good,
    auth,
    'Content-Type: application/json',
    'Content-Length: 5',
    'Transfer-Encoding: chunked',
  )
  assert.equal(status(await rawHttp(rest.url, `${smuggled}0\r\n\r\n`)), 400)
})

test('a token that is nearly right opens nothing, and none is read from the address', async (t) => {
  const { rest } = await fakeRest(t)
  for (const wrong of [token.slice(0, -1), `${token}x`, token.toUpperCase(), `x${token}`, ''])
    assert.equal(
      (await fetch(`${rest.url}/api/v1/jobs`, { headers: { authorization: `Bearer ${wrong}` } })).status,
      401,
    )
  assert.equal((await fetch(`${rest.url}/api/v1/jobs?token=${token}&access_token=${token}`)).status, 401)
})

test('keys that reach into objects are refused or mean nothing', async (t) => {
  const { call } = await fakeRest(t, {
    parts: { jobs: { list: os.jobs.list.handler(async () => ({ jobs: [], next: null })) } },
  })
  const body = '{"link":"x","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'
  const post = await call('/api/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  assert.equal(post.status, 422)
  assert.equal((await call('/api/v1/jobs?__proto__[polluted]=1&constructor[prototype][polluted]=1')).status, 200)
  assert.equal(Reflect.get({}, 'polluted'), undefined)
})

test('the log holds neither tokens, signatures nor queries', async (t) => {
  const { call, logged, answered, rest } = await fakeRest(t)
  await call('/api/v1/jobs?search=secretword')
  await fetch(`${rest.url}/files/link1/secretsignature/name`)
  await fetch(`${rest.url}/nothing/secretpath`)
  while (answered.length < 3) await new Promise(setImmediate)
  assert.doesNotMatch(JSON.stringify(logged), new RegExp(`secret|${token}`))
})

test('an error of ours says nothing of its cause', async (t) => {
  const { call, ports } = await fakeRest(t, {
    parts: {
      house: {
        metrics: os.house.metrics.handler(async () => {
          throw new Error('connect postgres://jackdaw:sesame@db/x')
        }),
      },
    },
  })
  const response = await call('/api/v1/metrics')
  assert.equal(response.status, 500)
  const text = await response.text()
  assert.doesNotMatch(text, /sesame|postgres|stack/)
  assert.match(text, new RegExp(String(response.headers.get('x-request-id'))))
  assert.equal(ports.errors.length, 1)
})

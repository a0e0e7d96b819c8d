import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { createGuard } from './guard.ts'
import { createOutward } from './outward.ts'
import { createPace, type PaceOptions } from './pace.ts'

async function setUp(t: TestContext, answer: RequestListener, options: PaceOptions = {}) {
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    answer(request, response)
  })
  server.listen(0, '127.0.0.2')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const pace = createPace(options)
  const outward = createOutward(createGuard({ allow: ['127.0.0.2'] }), pace)
  t.after(() => outward[Symbol.asyncDispose]())
  return { outward, pace, port, url: `http://127.0.0.2:${port}/`, site: `127.0.0.2:${port}`, requests: () => requests }
}

test('a site that fails five times is left alone: neither fetch nor sockets reach it', async (t) => {
  const { outward, url, port, requests } = await setUp(t, (_, response) => response.writeHead(500).end('sorry'))
  for (let tries = 0; tries < 5; tries++) {
    const answer = await outward.http(url)
    assert.equal(answer.status, 500)
    assert.equal(await answer.text(), 'sorry')
  }
  const rests = (thrown: unknown) => isFault(thrown, 'source.unreachable') && (thrown.retryAfterMs ?? 0) > 50_000
  await assert.rejects(outward.http(url), rests)
  await assert.rejects(outward.connect({ host: '127.0.0.2', port }), rests)
  assert.equal(requests(), 5)
})

test('answers about one link leave the breaker closed', async (t) => {
  const { outward, url, pace } = await setUp(t, (_, response) => response.writeHead(404).end())
  for (let tries = 0; tries < 7; tries++) assert.equal((await outward.http(url)).status, 404)
  assert.equal(pace.health()[0]?.breaker, 'closed')
})

test('Retry-After holds the site for everybody', async (t) => {
  const { outward, url } = await setUp(t, (_, response) => response.writeHead(429, { 'retry-after': '300' }).end())
  assert.equal((await outward.http(url)).status, 429)
  await assert.rejects(
    outward.http(url),
    (thrown) => isFault(thrown, 'source.throttled') && thrown.retryAfterMs === 300_000,
  )
})

test('a place is held until its socket closes, and given back when nothing came about', async (t) => {
  const { outward, pace, port, site } = await setUp(t, () => undefined, { connections: 1 })
  await assert.rejects(outward.connect({ host: '127.0.0.1', port }), (thrown) => isFault(thrown, 'link.private'))
  const first = await outward.connect({ host: '127.0.0.2', port })
  const count = () => pace.health().find((health) => health.site === site)?.connections
  assert.equal(count(), 1)
  const second = outward.connect({ host: '127.0.0.2', port })
  first.destroy()
  const socket = await second
  const closed = once(socket, 'close')
  socket.destroy()
  await closed
  assert.equal(count(), 0)
  assert.ok(pace.health().every(({ connections }) => connections === 0))
})

test('more requests than places all come through, and every place is given back', async (t) => {
  const { outward, pace, url } = await setUp(
    t,
    (request, response) =>
      (request.url === '/' ? response.writeHead(302, { location: '/next' }) : response).end('x'.repeat(9)),
    { connections: 3 },
  )
  const answers = await Promise.all(Array.from({ length: 20 }, async () => (await outward.http(url)).text()))
  assert.ok(answers.every((text) => text.length === 9))
  await (await outward.http(url)).body?.cancel()
  await (await outward.http(url, { method: 'HEAD' })).text()
  await assert.rejects(outward.http('http://127.0.0.1:9/'), (thrown) => isFault(thrown, 'link.private', 'link.invalid'))
  assert.ok(pace.health().every(({ connections }) => connections === 0))
})

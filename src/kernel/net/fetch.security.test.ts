import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { test, type TestContext } from 'node:test'
import { isFault, type Fault, type FaultCode } from '@jackdaw/contract/faults.ts'
import { certificateAuthority, type Certificate } from '#test/fakes/certificates.ts'
import { guardedFetch, type FetchOptions } from './fetch.ts'
import { createGuard, type GuardOptions } from './guard.ts'

interface Site {
  readonly url: string
  readonly port: number
  readonly requests: IncomingMessage[]
}

async function site(t: TestContext, address: string, answer: RequestListener, secure?: Certificate): Promise<Site> {
  const requests: IncomingMessage[] = []
  const listener: RequestListener = (request, response) => {
    requests.push(request)
    answer(request, response)
  }
  const server = secure ? createSecureServer(secure, listener) : createServer(listener)
  server.listen(0, address)
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `${secure ? 'https' : 'http'}://${address}:${port}`, port, requests }
}

function fetcher(t: TestContext, options: Partial<GuardOptions> = {}, how: FetchOptions = {}) {
  const fetch = guardedFetch(createGuard({ allow: ['127.0.0.2/31'], ...options }), how)
  t.after(() => fetch[Symbol.asyncDispose]())
  return fetch
}

const refusedAs =
  (...codes: FaultCode[]) =>
  (thrown: unknown) =>
    isFault(thrown, ...codes)
const says: RequestListener = (request, response) => response.end(`you asked for ${request.url}`)
const redirect =
  (location: string, status = 302): RequestListener =>
  (_, response) =>
    response.writeHead(status, { location }).end('elsewhere')

test('a redirect into the private network is refused, however the address is spelled', async (t) => {
  const inside = await site(t, '127.0.0.1', says)
  const names = ['127.0.0.1', '2130706433', '0x7f.1', '127.1', '0177.0.0.1', '[::ffff:127.0.0.1]', 'localhost']
  const outside = await site(t, '127.0.0.2', (request, response) =>
    redirect(`http://${names[Number(request.url?.slice(1))]}:${inside.port}/`)(request, response),
  )
  const fetch = fetcher(t)
  for (const [index, name] of names.entries())
    await assert.rejects(fetch(`${outside.url}/${index}`), refusedAs('link.private'), name)
  await assert.rejects(fetch(inside.url), refusedAs('link.private'))
  assert.equal(inside.requests.length, 0)
})

test('a name that is rebound to the inside between two hops is refused at the second', async (t) => {
  const inside = await site(t, '127.0.0.1', says)
  let lookups = 0
  const lookup = async () => [{ address: lookups++ === 0 ? '127.0.0.2' : '127.0.0.1' }]
  const outside = await site(t, '127.0.0.2', (request, response) => {
    response.setHeader('connection', 'close')
    redirect(`http://site.example:${outside.port}/again`)(request, response)
  })
  await assert.rejects(fetcher(t, { lookup })(`http://site.example:${outside.port}/`), refusedAs('link.private'))
  assert.equal(outside.requests.length, 1)
  assert.equal(inside.requests.length, 0)
})

test('redirects are followed to the end, and the answer says where it came from', async (t) => {
  const last = await site(t, '127.0.0.3', says)
  const first = await site(t, '127.0.0.2', redirect(`${last.url}/caf%C3%A9?x=1`))
  const answer = await fetcher(t)(`${first.url}/start`)
  assert.equal(answer.url, `${last.url}/caf%C3%A9?x=1`)
  assert.equal(answer.redirected, true)
  assert.equal(await answer.text(), 'you asked for /caf%C3%A9?x=1')
})

test('a circle of redirects ends, and only http and https are followed', async (t) => {
  const circle = await site(t, '127.0.0.2', redirect('/again'))
  await assert.rejects(fetcher(t)(circle.url), refusedAs('source.broken'))
  assert.equal(circle.requests.length, 11)
  for (const location of ['file:///etc/passwd', 'ftp://127.0.0.2/', 'data:text/plain,hi', 'javascript:1']) {
    const trap = await site(t, '127.0.0.2', redirect(location))
    await assert.rejects(fetcher(t)(trap.url), refusedAs('link.invalid'), location)
  }
  for (const link of ['file:///etc/passwd', 'ftp://127.0.0.2/', 'data:text/plain,hi', 'not a link'])
    await assert.rejects(fetcher(t)(link), refusedAs('link.invalid'), link)
})

test('no header that could be a key follows a redirect to another origin', async (t) => {
  const other = await site(t, '127.0.0.3', says)
  const first = await site(t, '127.0.0.2', (request, response) =>
    redirect(request.url === '/' ? '/same' : `${other.url}/other`)(request, response),
  )
  const secrets = { authorization: 'Bearer abc', cookie: 'sid=1', 'x-api-key': 'k', 'private-token': 'p' }
  await (await fetcher(t)(first.url, { headers: { ...secrets, range: 'bytes=0-3', 'user-agent': 'jackdaw' } })).text()
  for (const name of Object.keys(secrets)) {
    assert.ok(first.requests[1]?.headers[name], `${name} stays within the origin`)
    assert.equal(other.requests[0]?.headers[name], undefined, `${name} must not leave`)
  }
  assert.equal(other.requests[0]?.headers['range'], 'bytes=0-3')
  assert.equal(other.requests[0]?.headers['user-agent'], 'jackdaw')
})

test('credentials are dropped when a redirect goes from https to http on the same host', async (t) => {
  const authority = certificateAuthority()
  const plain = await site(t, '127.0.0.2', says)
  const secure = await site(t, '127.0.0.2', redirect(`${plain.url}/`), authority.issue({ for: ['127.0.0.2'] }))
  const link = secure.url.replace('https://', 'https://user:secret@')
  assert.equal((await fetcher(t, { ca: [authority.ca] })(link)).status, 200)
  assert.equal(secure.requests[0]?.headers.authorization, `Basic ${btoa('user:secret')}`)
  assert.equal(plain.requests[0]?.headers.authorization, undefined)
})

test('user and password leave the URL and reach neither the answer nor a fault', async (t) => {
  const outside = await site(t, '127.0.0.2', says)
  const link = (path: string) => outside.url.replace('http://', 'http://us%20er:p%40ss@') + path
  const answer = await fetcher(t)(link('/file'))
  assert.equal(outside.requests[0]?.headers.authorization, `Basic ${btoa('us er:p@ss')}`)
  assert.equal(answer.url, `${outside.url}/file`)
  const dead = await site(t, '127.0.0.2', (request) => request.socket.destroy())
  const rejected = await fetcher(t)(dead.url.replace('http://', 'http://user:secret@') + '/f?token=hidden#frag').catch(
    (e: unknown) => e,
  )
  assert.ok(isFault(rejected, 'source.broken'))
  assert.doesNotMatch(JSON.stringify((rejected satisfies Fault).view()), /secret|hidden|frag|user/)
})

test('a post becomes a get after 302 and 303, and is sent again after 307', async (t) => {
  const bodies: string[] = []
  const outside = await site(t, '127.0.0.2', async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    bodies.push(`${request.method} ${body}`)
    const status = Number(request.url?.slice(1))
    if (status) response.writeHead(status, { location: '/' })
    response.end()
  })
  for (const status of [302, 303, 307]) await fetcher(t)(`${outside.url}/${status}`, { method: 'POST', body: 'hi' })
  assert.deepEqual(bodies, ['POST hi', 'GET ', 'POST hi', 'GET ', 'POST hi', 'POST hi'])
})

test('a certificate that is not valid is a fault of its own', async (t) => {
  const secure = await site(t, '127.0.0.2', says, certificateAuthority().issue({ for: ['127.0.0.2'] }))
  await assert.rejects(fetcher(t)(secure.url), refusedAs('source.certificate'))
  assert.equal(secure.requests.length, 0)
})

test('a site that goes silent is stalled, before the head and within the body', async (t) => {
  const silent = await site(t, '127.0.0.2', (request, response) => {
    if (request.url === '/body') response.writeHead(200, { 'content-length': '10' }).write('12345')
  })
  const fetch = fetcher(t, {}, { headersTimeoutMs: 50, bodyTimeoutMs: 50 })
  await assert.rejects(fetch(`${silent.url}/head`), refusedAs('source.stalled'))
  const answer = await fetch(`${silent.url}/body`)
  await assert.rejects(answer.text(), refusedAs('source.stalled'))
})

test('a connection that breaks within the body is a fault of the source', async (t) => {
  const breaking = await site(t, '127.0.0.2', (_, response) => {
    response.writeHead(200, { 'content-length': '10' }).write('12345', () => response.destroy())
  })
  const answer = await fetcher(t)(breaking.url)
  await assert.rejects(answer.text(), refusedAs('source.unreachable', 'source.broken'))
})

test('an abort throws its reason, before the head and within the body', async (t) => {
  const silent = await site(t, '127.0.0.2', (request, response) => {
    if (request.url === '/body') response.writeHead(200).write('12345')
  })
  for (const path of ['/head', '/body']) {
    const stop = new AbortController()
    const reason = new Error('cancelled')
    const reading = fetcher(t)(silent.url + path, { signal: stop.signal }).then((answer) => answer.text())
    setTimeout(() => stop.abort(reason), 40)
    await assert.rejects(reading, (thrown) => thrown === reason, path)
  }
})

test('bytes come as they are stored when identity is asked for, and unpacked otherwise', async (t) => {
  const outside = await site(t, '127.0.0.2', (request, response) => {
    const packs = String(request.headers['accept-encoding']).includes('gzip')
    response.writeHead(200, packs ? { 'content-encoding': 'gzip' } : {}).end(packs ? gzipSync('text') : 'text')
  })
  assert.equal(await (await fetcher(t)(outside.url)).text(), 'text')
  await (await fetcher(t)(outside.url, { headers: { 'accept-encoding': 'identity' } })).text()
  assert.deepEqual(
    outside.requests.map(({ headers }) => headers['accept-encoding'] === 'identity'),
    [false, true],
  )
})

test('manual redirects are handed over, and an answer that is not HTTP is a fault', async (t) => {
  const outside = await site(t, '127.0.0.2', redirect('/next'))
  const answer = await fetcher(t)(outside.url, { redirect: 'manual' })
  assert.deepEqual([answer.status, answer.headers.get('location')], [302, '/next'])
  const odd = await site(t, '127.0.0.2', (request) => request.socket.end('SSH-2.0-OpenSSH_9\r\n'))
  await assert.rejects(fetcher(t)(odd.url), refusedAs('source.broken', 'source.unreachable'))
})

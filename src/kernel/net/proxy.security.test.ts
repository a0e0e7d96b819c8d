import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get as httpGet, type IncomingMessage, type RequestListener } from 'node:http'
import { connect, createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { createGuard, type Lookup } from './guard.ts'
import { openProxy } from './proxy.ts'

async function listen<S extends Server>(t: TestContext, address: string, server: S) {
  const requests: IncomingMessage[] = []
  let connections = 0
  server.on('request', (request: IncomingMessage) => requests.push(request))
  server.on('connection', () => connections++)
  server.listen(0, address)
  await once(server, 'listening')
  t.after(() => void server.close())
  const { port } = server.address() as AddressInfo
  return { at: `${address}:${port}`, port, requests, connections: () => connections }
}

const site = (t: TestContext, address: string, answer: RequestListener) => listen(t, address, createServer(answer))
const says: RequestListener = (request, response) => response.end(`you asked for ${request.url}`)

async function setUp(t: TestContext, how: { lookup?: Lookup; charge?: (bytes: number) => number } = {}) {
  const guard = createGuard({ allow: ['127.0.0.2/31'], ...(how.lookup && { lookup: how.lookup }) })
  const proxy = await openProxy({ guard })
  t.after(() => proxy[Symbol.asyncDispose]())
  const ticket = proxy.admit(how.charge)
  const { username, password } = new URL(ticket.url)
  const authorization = `Proxy-Authorization: Basic ${btoa(`${username}:${password}`)}`
  /** Sends lines as they are and reads to the end. */
  const say = async (...lines: readonly string[]): Promise<string> => {
    const socket = connect(proxy.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(lines.join('\r\n') + '\r\n\r\n')
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    return text
  }
  const get = (url: string, ...headers: readonly string[]) =>
    say(`GET ${url} HTTP/1.1`, 'Host: x', authorization, 'Connection: close', ...headers)
  return { proxy, ticket, authorization, say, get }
}

const status = (answer: string) => Number(answer.split(' ')[1])

test('a permitted destination is reached, by GET and by CONNECT, and its bytes are counted', async (t) => {
  const outside = await site(t, '127.0.0.2', says)
  const { ticket, get, say, authorization } = await setUp(t)
  assert.match(await get(`http://${outside.at}/a%7Cb|c?d`), /you asked for \/a%7Cb\|c\?d/)
  const tunnelled = await say(
    `CONNECT ${outside.at} HTTP/1.1`,
    authorization,
    '',
    'GET /inside HTTP/1.1',
    'Host: x',
    'Connection: close',
  )
  assert.match(tunnelled, /^HTTP\/1\.1 200 .*you asked for \/inside/s)
  assert.ok(ticket.bytes > 40)
  assert.equal(ticket.fault, undefined)
})

test('nobody gets through without the password of a step that still runs', async (t) => {
  const outside = await site(t, '127.0.0.2', says)
  const { ticket, say, get } = await setUp(t)
  for (const header of [
    'X: y',
    `Proxy-Authorization: Basic ${btoa('step:guess')}`,
    'Proxy-Authorization: Bearer x',
    `Proxy-Authorization: Basic ${btoa('step:')}`,
  ]) {
    assert.equal(status(await say(`GET http://${outside.at}/ HTTP/1.1`, 'Host: x', 'Connection: close', header)), 407)
    assert.equal(status(await say(`CONNECT ${outside.at} HTTP/1.1`, header)), 407)
  }
  ticket[Symbol.dispose]()
  assert.equal(status(await get(`http://${outside.at}/`)), 407)
  assert.equal(outside.connections(), 0)
})

test('every way to say "inside" is refused by GET and by CONNECT', async (t) => {
  const inside = await site(t, '127.0.0.1', says)
  const lookup: Lookup = async (name) => [
    { address: name === 'mixed.example' ? '127.0.0.2' : '127.0.0.1' },
    { address: '127.0.0.1' },
  ]
  const { get, say, authorization, ticket } = await setUp(t, { lookup })
  const hosts = [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '127.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    'localhost',
    'inside.example',
    'mixed.example',
    '169.254.169.254',
    '10.0.0.1',
    '[fd00:ec2::254]',
    '0.0.0.0',
    'user:pw@127.0.0.1',
  ]
  for (const host of hosts) {
    assert.equal(status(await get(`http://${host}:${inside.port}/`)), 403, host)
    const refused = await say(`CONNECT ${host}:${inside.port} HTTP/1.1`, authorization)
    assert.equal(status(refused), host.includes('@') ? 422 : 403, host)
  }
  assert.equal(status(await say('CONNECT 169.254.169.254:80 HTTP/1.1', authorization)), 403)
  assert.equal(inside.connections(), 0)
  assert.ok(isFault(ticket.fault, 'link.private'))
})

test('what is no request for a proxy is refused in words', async (t) => {
  const outside = await site(t, '127.0.0.2', says)
  const { get, say, authorization } = await setUp(t)
  assert.match(await get('ftp://127.0.0.2/file'), /^HTTP\/1\.1 501 .*FTP/s)
  for (const target of [
    '/',
    '/http://x/',
    'https://127.0.0.2/',
    'file:///etc/passwd',
    'http://',
    'http://127.0.0.2:99999/',
    'http://127.0.0.2:25/',
    'http://a b/',
  ])
    assert.match(await get(target), /^HTTP\/1\.1 4\d\d/, target)
  for (const target of [
    '127.0.0.2',
    'http://127.0.0.2/',
    '127.0.0.2:0',
    '127.0.0.2:70000',
    '127.0.0.2:25',
    ':80',
    '[::1',
    '',
  ])
    assert.match(await say(`CONNECT ${target} HTTP/1.1`, authorization), /^HTTP\/1\.1 4\d\d/, target)
  assert.equal(outside.connections(), 0)
})

test('a request that two servers could read differently is not passed on', async (t) => {
  const outside = await site(t, '127.0.0.2', says)
  const { say, authorization } = await setUp(t)
  const post = (...headers: string[]) =>
    say(
      `POST http://${outside.at}/ HTTP/1.1`,
      'Host: x',
      authorization,
      ...headers,
      '',
      '0',
      '',
      'GET /smuggled HTTP/1.1',
    )
  for (const headers of [
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Content-Length: 5'],
    ['Content-Length: 5', 'Content-Length: 6'],
    ['Transfer-Encoding: chunked, identity'],
    ['Transfer-Encoding: xchunked'],
    ['Transfer-Encoding : chunked'],
    ['Content-Length: +5'],
    ['X: a\nTransfer-Encoding: chunked'],
    [`X: ${'a'.repeat(40_000)}`],
  ])
    assert.match(await post(...headers), /^HTTP\/1\.1 (4\d\d|501)/, headers.join())
  assert.deepEqual(
    outside.requests.map(({ url }) => url),
    [],
  )
})

test('headers of the hop stay behind, the others go on as they came, and Host is that of the link', async (t) => {
  const outside = await site(t, '127.0.0.2', (_, response) => {
    response
      .writeHead(200, { 'set-cookie': ['a=1', 'b=2'], 'proxy-authenticate': 'Basic', 'keep-alive': 'timeout=5' })
      .end('x')
  })
  const { get } = await setUp(t)
  const answer = await get(
    `http://${outside.at}/`,
    'Connection: X-Hop',
    'X-Hop: 1',
    'TE: trailers',
    'Cookie: c=3',
    'Authorization: Bearer far',
  )
  const { headers } = outside.requests[0] ?? {}
  assert.equal(headers?.host, outside.at)
  assert.equal(headers?.authorization, 'Bearer far')
  assert.equal(headers?.cookie, 'c=3')
  for (const name of ['proxy-authorization', 'x-hop', 'te']) assert.equal(headers?.[name], undefined, name)
  assert.match(answer, /set-cookie: a=1\r\nset-cookie: b=2/i)
  assert.doesNotMatch(answer, /proxy-authenticate|timeout=5/i)
})

test('bodies pass in both framings', async (t) => {
  const outside = await site(t, '127.0.0.2', (request, response) => void request.pipe(response))
  const { say, authorization } = await setUp(t)
  const start = [`POST http://${outside.at}/ HTTP/1.1`, 'Host: x', authorization, 'Connection: close']
  assert.match(await say(...start, 'Content-Length: 5', '', 'hello'), /hello/)
  assert.match(await say(...start, 'Transfer-Encoding: chunked', '', '5', 'hello', '0'), /hello/)
  assert.equal(outside.requests[0]?.headers['content-length'], '5')
})

test('an answer that breaks off breaks off for the tool too', async (t) => {
  const outside = await site(t, '127.0.0.2', (_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('only this', () => response.destroy())
  })
  const odd = await listen(
    t,
    '127.0.0.2',
    createTcpServer((socket) => socket.end('SSH-2.0-x\r\n')),
  )
  const { proxy, ticket, get, authorization } = await setUp(t)
  const headers = { 'proxy-authorization': authorization.slice(authorization.indexOf(' ') + 1) }
  const asked = httpGet({ host: '127.0.0.1', port: proxy.port, path: `http://${outside.at}/`, headers })
  const [answer] = await once(asked, 'response')
  await assert.rejects(text(answer), { code: 'ECONNRESET' })
  assert.match(await get(`http://${odd.at}/`), /^HTTP\/1\.1 502/)
  assert.ok(ticket.fault)
})

test('the bandwidth limit of the step is kept: each piece is charged', async (t) => {
  const outside = await site(t, '127.0.0.2', (_, response) => response.end('x'.repeat(1000)))
  let charged = 0
  const { get, ticket } = await setUp(t, { charge: (bytes) => ((charged += bytes), 1) })
  await get(`http://${outside.at}/`)
  assert.equal(charged, 1000)
  assert.equal(ticket.bytes, 1000)
})

test('closing cuts what is open, tunnels too', async (t) => {
  const outside = await listen(
    t,
    '127.0.0.2',
    createTcpServer((socket) => socket.on('error', () => undefined)),
  )
  const proxy = await openProxy({ guard: createGuard({ allow: ['127.0.0.2'] }) })
  const { username, password } = new URL(proxy.admit().url)
  const socket = connect(proxy.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(
    `CONNECT ${outside.at} HTTP/1.1\r\nProxy-Authorization: Basic ${btoa(`${username}:${password}`)}\r\n\r\n`,
  )
  await once(socket, 'data')
  const closed = once(socket, 'close')
  await proxy[Symbol.asyncDispose]()
  await closed
})

test('the environment names the proxy in both cases and excepts nothing', async (t) => {
  const { ticket } = await setUp(t)
  for (const name of ['http_proxy', 'HTTPS_PROXY', 'ftp_proxy', 'ALL_PROXY'])
    assert.equal(ticket.environment[name], ticket.url)
  assert.equal(Object.keys(ticket.environment).length, 10)
  assert.equal(ticket.environment['no_proxy'], '')
  assert.equal(ticket.environment['NO_PROXY'], '')
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { test, type TestContext } from 'node:test'
import { isFault, type FaultCode } from '@jackdaw/contract/faults.ts'
import { certificateAuthority } from '#test/fakes/certificates.ts'
import { createGuard, type Lookup } from './guard.ts'

/** A server that greets, on an address of its own; `connections` counts who came. */
async function greeter(t: TestContext, address: string, server: Server = createServer()) {
  const state = { port: 0, connections: 0 }
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    state.connections++
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  server.on(
    server.listenerCount('secureConnection') || 'setSecureContext' in server ? 'secureConnection' : 'connection',
    (socket: Socket) => {
      socket.on('error', () => undefined)
      socket.end(`hello from ${address}`)
    },
  )
  server.listen(0, address)
  await once(server, 'listening')
  state.port = (server.address() as AddressInfo).port
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return state
}

const answering =
  (...addresses: string[]): Lookup =>
  async () =>
    addresses.map((address) => ({ address }))
const refusedAs =
  (...codes: FaultCode[]) =>
  (thrown: unknown) =>
    isFault(thrown, ...codes)

async function read(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

test('a literal address inside is refused in every spelling, and nobody is connected to', async (t) => {
  const inside = await greeter(t, '127.0.0.1')
  const guard = createGuard({ allow: ['127.0.0.2/32'] })
  for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '127.1', '[::ffff:127.0.0.1]', '::ffff:7f00:1', 'localhost'])
    await assert.rejects(guard.connect({ host, port: inside.port }), refusedAs('link.private'), host)
  assert.equal(inside.connections, 0)
})

test('a name that resolves inside is refused, also when another of its addresses is permitted', async (t) => {
  const inside = await greeter(t, '127.0.0.1')
  for (const answers of [['127.0.0.1'], ['127.0.0.2', '127.0.0.1'], ['::1'], ['::ffff:127.0.0.1'], ['fe80::1%eth0']]) {
    const guard = createGuard({ allow: ['127.0.0.2/32'], lookup: answering(...answers) })
    await assert.rejects(
      guard.connect({ host: 'site.example', port: inside.port }),
      refusedAs('link.private'),
      answers[0],
    )
  }
  assert.equal(inside.connections, 0)
})

test('the address that was checked is the one that is connected to, whatever the name says next', async (t) => {
  const outside = await greeter(t, '127.0.0.2')
  let lookups = 0
  const rebinding: Lookup = async () => [{ address: lookups++ === 0 ? '127.0.0.2' : '127.0.0.1' }]
  const guard = createGuard({ allow: ['127.0.0.2/32'], lookup: rebinding })
  const socket = await guard.connect({ host: 'rebinding.example', port: outside.port })
  assert.equal(socket.remoteAddress, '127.0.0.2')
  assert.equal(await read(socket), 'hello from 127.0.0.2')
  assert.equal(lookups, 1)
  await assert.rejects(guard.connect({ host: 'rebinding.example', port: outside.port }), refusedAs('link.private'))
})

test('when one permitted address is dead the next one is taken', async (t) => {
  const outside = await greeter(t, '127.0.0.3')
  const guard = createGuard({ allow: ['127.0.0.0/8'], lookup: answering('127.0.0.2', '127.0.0.3') })
  const socket = await guard.connect({ host: 'two.example', port: outside.port })
  assert.equal(await read(socket), 'hello from 127.0.0.3')
})

test('what cannot be reached is named: no such name, nothing listening, no answer in time', async (t) => {
  const missing: Lookup = () => Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }))
  const never: Lookup = () => new Promise(() => undefined)
  const closed = createServer()
  closed.listen(0, '127.0.0.2')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  closed.close()
  await once(closed, 'close')
  const silent = createServer((socket) => t.after(() => socket.destroy()))
  silent.listen(0, '127.0.0.2')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const reason = (text: RegExp) => (thrown: unknown) =>
    isFault(thrown, 'source.unreachable') && text.test(thrown.message)
  const allow = ['127.0.0.2/32']
  await assert.rejects(
    createGuard({ allow, lookup: missing }).connect({ host: 'no.example', port: 80 }),
    reason(/no such host name/),
  )
  await assert.rejects(createGuard({ allow }).connect({ host: '127.0.0.2', port }), reason(/nothing listens/))
  await assert.rejects(
    createGuard({ allow, lookup: never }).connect({ host: 'slow.example', port: 80, timeoutMs: 30 }),
    reason(/no answer in time/),
  )
  const handshake = { host: '127.0.0.2', port: (silent.address() as AddressInfo).port, tls: {}, timeoutMs: 30 }
  await assert.rejects(createGuard({ allow }).connect(handshake), reason(/no answer in time/))
})

test('an abort ends the attempt with the reason of the signal', async () => {
  const stop = new AbortController()
  const guard = createGuard({ allow: [], lookup: () => new Promise(() => undefined) })
  const attempt = guard.connect({ host: 'slow.example', port: 80, signal: stop.signal })
  const reason = new Error('cancelled')
  stop.abort(reason)
  await assert.rejects(attempt, (thrown) => thrown === reason)
})

test('TLS comes back verified for the name that was asked for', async (t) => {
  const authority = certificateAuthority()
  const outside = await greeter(
    t,
    '127.0.0.2',
    createTlsServer(authority.issue({ for: ['site.example', '127.0.0.2'] })),
  )
  const guard = createGuard({ allow: ['127.0.0.2/32'], lookup: answering('127.0.0.2'), ca: [authority.ca] })
  for (const host of ['site.example', '127.0.0.2'])
    assert.equal(await read(await guard.connect({ host, port: outside.port, tls: {} })), 'hello from 127.0.0.2', host)
  await assert.rejects(
    guard.connect({ host: 'other.example', port: outside.port, tls: {} }),
    refusedAs('source.certificate'),
  )
  const strangers = createGuard({ allow: ['127.0.0.2/32'] })
  await assert.rejects(
    strangers.connect({ host: '127.0.0.2', port: outside.port, tls: {} }),
    refusedAs('source.certificate'),
  )
})

test('an expired certificate is refused, and so is a server that does not speak TLS', async (t) => {
  const authority = certificateAuthority()
  const old = authority.issue({ for: ['127.0.0.2'], notAfter: new Date('2021-01-01') })
  const expired = await greeter(t, '127.0.0.2', createTlsServer(old))
  const plain = await greeter(t, '127.0.0.2')
  const guard = createGuard({ allow: ['127.0.0.2/32'], ca: [authority.ca] })
  const expiry = (thrown: unknown) => isFault(thrown, 'source.certificate') && thrown.message.includes('expired')
  await assert.rejects(guard.connect({ host: '127.0.0.2', port: expired.port, tls: {} }), expiry)
  await assert.rejects(guard.connect({ host: '127.0.0.2', port: plain.port, tls: {} }), refusedAs('source.unreachable'))
})

test('bytes go into the reusable buffer, plain and through TLS', async (t) => {
  const authority = certificateAuthority()
  const plain = await greeter(t, '127.0.0.2')
  const secure = await greeter(t, '127.0.0.2', createTlsServer(authority.issue({ for: ['127.0.0.2'] })))
  const guard = createGuard({ allow: ['127.0.0.2/32'], ca: [authority.ca] })
  for (const [port, tls] of [
    [plain.port, undefined],
    [secure.port, {}],
  ] as const) {
    const reused = Buffer.alloc(65_536)
    let text = ''
    const callback = (bytes: number, buffer: Uint8Array) => {
      assert.equal(buffer.buffer, reused.buffer)
      text += Buffer.from(buffer).toString('latin1', 0, bytes)
      return true
    }
    const onread = { buffer: () => reused, callback }
    const socket = await guard.connect({ host: '127.0.0.2', port, onread, ...(tls && { tls }) })
    if (!socket.closed) await once(socket, 'close')
    assert.equal(text, 'hello from 127.0.0.2')
  }
})

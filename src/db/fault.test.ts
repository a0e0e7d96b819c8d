import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { Client } from 'pg'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { databaseFault, errorCode, isConnectionLoss } from './fault.ts'

const coded = (code: string) => Object.assign(new Error('x'), { code })

for (const code of ['ECONNREFUSED', 'ENOENT', '57P01', '57P03', '53300', '08006', 'ETIMEDOUT']) {
  test(`${code} is a lost connection`, () => {
    const error = coded(code)
    assert(isConnectionLoss(error))
    const fault = databaseFault(error)
    assert(isFault(fault, 'house.database'))
    assert.equal(fault.next, 'retry')
    assert.equal(fault.cause, error)
    assert.equal(errorCode(error), code)
  })
}

for (const code of ['40001', '23505', '42P01', '57014', 'EACCES']) {
  test(`${code} is not a lost connection and stays as it is`, () => {
    const error = coded(code)
    assert(!isConnectionLoss(error))
    assert.equal(databaseFault(error), error)
  })
}

test('a fault stays as it is', () => {
  const fault = new Fault('lease.lost')
  assert.equal(databaseFault(fault), fault)
  assert(!isConnectionLoss(fault))
  assert(isConnectionLoss(new Fault('house.database', { reason: 'x' })))
})

test('a server that hangs up without a word is a lost connection', async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  assert(address && typeof address === 'object')
  const client = new Client({ host: '127.0.0.1', port: address.port, user: 'x' })
  client.on('error', () => undefined)
  const error = await client.connect().catch((error: unknown) => error)
  server.close()
  assert(isConnectionLoss(error), String(error))
})

test('a server that never answers is a lost connection', async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  assert(address && typeof address === 'object')
  const client = new Client({ host: '127.0.0.1', port: address.port, user: 'x', connectionTimeoutMillis: 50 })
  client.on('error', () => undefined)
  const error = await client.connect().catch((error: unknown) => error)
  server.close()
  assert(isConnectionLoss(error), String(error))
})

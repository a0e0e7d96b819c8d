import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '@jackdaw/contract/faults.ts'
import { networkFault } from './network-fault.ts'

const withCode = (code: string) => Object.assign(new Error(code), { code })

for (const [code, fault] of [
  ['ECONNREFUSED', 'source.unreachable'],
  ['ENOTFOUND', 'source.unreachable'],
  ['ECONNRESET', 'source.broken'],
  ['ENOSPC', 'house.disk-full'],
  ['CERT_HAS_EXPIRED', 'source.certificate'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'source.certificate'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'source.unreachable'],
  ['UND_ERR_HEADERS_OVERFLOW', 'source.broken'],
  ['UND_ERR_BODY_TIMEOUT', 'source.stalled'],
  ['HPE_INVALID_CONSTANT', 'source.broken'],
] as const) {
  test(`${code} is ${fault}, however deep it lies`, () => {
    const found = networkFault(new TypeError('fetch failed', { cause: new Error('outer', { cause: withCode(code) }) }))
    assert.ok(found instanceof Fault)
    assert.equal(found.code, fault)
  })
}

test('a fault from the guard passes as it is', () => {
  const fault = new Fault('link.private', { address: '10.0.0.1' })
  assert.equal(networkFault(new TypeError('fetch failed', { cause: fault })), fault)
})

test('an error of our own stays what it is', () => {
  const bug = new RangeError('off by one')
  assert.equal(networkFault(bug), bug)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as hold, property, string } from 'fast-check'
import { Fault } from '@jackdaw/contract/faults.ts'
import { networkFault, redactUrl } from './failures.ts'

test('a URL that is shown has no user, no password, no fragment and no values in its query', () => {
  assert.equal(
    redactUrl('https://me:pw@Example.org/a/b?token=abc&x=1=2&flag#part'),
    'https://example.org/a/b?token=***&x=***&***',
  )
  assert.equal(redactUrl('http://example.org/?'), 'http://example.org/')
  assert.equal(redactUrl('nonsense with secret'), '(not a URL)')
  hold(
    property(string({ unit: 'grapheme' }), string({ minLength: 1 }), (path, extra) => {
      const link = new URL(`https://example.org/${encodeURIComponent(path)}`)
      link.username = 'us3r-name'
      link.password = 's3cret-word'
      link.searchParams.set('key', `hidden-${extra}`)
      assert.doesNotMatch(redactUrl(link), /us3r-name|s3cret-word|hidden-/)
    }),
  )
})

test('a fault anywhere in the causes comes out as it is', () => {
  const fault = new Fault('link.private', { address: '127.0.0.1' })
  assert.equal(networkFault(new TypeError('fetch failed', { cause: new Error('x', { cause: fault }) }), {}), fault)
})

test('codes of sockets, certificates and undici become the fault that says what is wrong', () => {
  const code = (code: string) =>
    networkFault(new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) }), {})
  const said = (name: string) => `${code(name).code}: ${code(name).facts['reason']}`
  assert.equal(said('ENOTFOUND'), 'source.unreachable: there is no such host name')
  assert.equal(said('EHOSTUNREACH'), 'source.unreachable: no way to the host')
  assert.equal(said('CERT_HAS_EXPIRED'), 'source.certificate: it has expired')
  assert.equal(said('CERT_NOT_YET_VALID'), 'source.certificate: it is not valid yet')
  assert.equal(said('CERT_REVOKED'), 'source.certificate: it was revoked')
  assert.equal(said('DEPTH_ZERO_SELF_SIGNED_CERT'), 'source.certificate: it is self-signed')
  assert.equal(said('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'source.certificate: nobody who is trusted has signed it')
  assert.equal(said('ERR_TLS_CERT_ALTNAME_INVALID'), 'source.certificate: it is for another name')
  assert.equal(said('ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE'), 'source.unreachable: no secure connection')
  assert.equal(said('UND_ERR_HEADERS_OVERFLOW'), 'source.broken: the head of the answer is too large')
  assert.equal(said('SOMETHING_NEW'), 'source.unreachable: the connection failed')
})

test('of several attempts the first error is told, and a circle of causes ends', () => {
  const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' })
  assert.equal(networkFault(new AggregateError([refused, new Error('y')]), {}).facts['reason'], 'nothing listens there')
  const circle = new Error('x')
  circle.cause = circle
  assert.equal(networkFault(circle, {}).code, 'source.unreachable')
})

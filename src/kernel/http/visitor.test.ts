import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Visitor } from './visitor.ts'

const secrets = { user: 'me', password: 'a:b', headers: { 'X-Token': 't' } }

test('headers and password go to the origin of the link only', () => {
  const visitor = new Visitor(new URL('https://example.org/a'), secrets)
  const home = visitor.headersFor(new URL('https://example.org/b'))
  assert.equal(home['authorization'], `Basic ${Buffer.from('me:a:b').toString('base64')}`)
  assert.equal(home['x-token'], 't')
  for (const other of [
    'http://example.org/',
    'https://example.org:444/',
    'https://cdn.example.org/',
    'https://example.com/',
  ]) {
    const headers = visitor.headersFor(new URL(other))
    assert.ok(!('authorization' in headers) && !('x-token' in headers), other)
  }
})

test('the step from http to https on one host keeps them', () => {
  const visitor = new Visitor(new URL('http://example.org/'), secrets)
  assert.ok('authorization' in visitor.headersFor(new URL('https://example.org/')))
  assert.ok(!('authorization' in visitor.headersFor(new URL('https://example.com/'))))
})

test('credentials in a link serve as name and password', () => {
  const visitor = new Visitor(new URL('https://me:p%40ss@example.org/'), {})
  const { authorization } = visitor.headersFor(new URL('https://example.org/'))
  assert.equal(authorization, `Basic ${Buffer.from('me:p@ss').toString('base64')}`)
})

test('cookies of a file keep to their domain, path and safety', () => {
  const cookies = [
    '# Netscape HTTP Cookie File',
    '.example.org\tTRUE\t/\tTRUE\t0\tsafe\t1',
    '#HttpOnly_example.org\tFALSE\t/private\tFALSE\t0\tdeep\t2',
    'other.example\tFALSE\t/\tFALSE\t0\tforeign\t3',
    'example.org\tFALSE\t/\tFALSE\t1\texpired\t4',
    'not a cookie line',
  ].join('\n')
  const visitor = new Visitor(new URL('https://example.org/'), { cookies })
  const at = (url: string) => visitor.headersFor(new URL(url))['cookie']
  assert.equal(at('https://example.org/'), 'safe=1')
  assert.equal(at('https://www.example.org/'), 'safe=1')
  assert.equal(at('http://example.org/'), undefined)
  assert.equal(at('http://example.org/private/x'), 'deep=2')
  assert.equal(at('https://example.com/'), undefined)
})

test('what a site sets is sent back to it, and to nobody else', () => {
  const visitor = new Visitor(new URL('https://example.org/'), {})
  visitor.remember(new URL('https://example.org/'), ['a=1; Path=/', 'b=2; Domain=example.com', 'c=3; Domain=org'])
  assert.equal(visitor.headersFor(new URL('https://example.org/'))['cookie'], 'a=1')
  assert.equal(visitor.headersFor(new URL('https://example.com/'))['cookie'], undefined)
})

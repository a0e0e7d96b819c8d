import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { formatRequest, mostHeadBytes, parseHead, Unusual } from './head.ts'

const plain =
  'HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\nContent-Range: bytes 0-4/10\r\nETag: "a"\r\n\r\nhello'

test('a plain head is read, and where the body begins', () => {
  const head = parseHead(Buffer.from(plain))
  assert.equal(head?.status, 206)
  assert.equal(head.fields.get('content-range'), 'bytes 0-4/10')
  assert.equal(plain.slice(head.length), 'hello')
})

test('an incomplete head is waited for, at every length', () => {
  for (let n = 0; n < plain.indexOf('hello'); n += 1) assert.equal(parseHead(Buffer.from(plain.slice(0, n))), undefined)
})

const odd: Readonly<Record<string, string>> = {
  'HTTP/1.0': 'HTTP/1.0 200 OK\r\n\r\n',
  'another protocol': 'SSH-2.0-OpenSSH\r\n',
  'a status that is none': 'HTTP/1.1 20 OK\r\n\r\n',
  'a folded line': 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n',
  'a blank before the colon': 'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n',
  'a bare line feed': 'HTTP/1.1 200 OK\r\nA: b\nContent-Length: 5\r\n\r\n',
  'a bare carriage return': 'HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
  'a NUL': 'HTTP/1.1 200 OK\r\nA: \0\r\n\r\n',
  'no name': 'HTTP/1.1 200 OK\r\n: b\r\n\r\n',
}
for (const [what, text] of Object.entries(odd)) {
  test(`${what} is left to the well-kept client`, () => assert.throws(() => parseHead(Buffer.from(text)), Unusual))
}

test('a head without an end is given up at 64 KiB', () => {
  const head = Buffer.from(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(mostHeadBytes)}`)
  assert.throws(() => parseHead(head), Unusual)
})

test('any bytes are a head, no head yet, or unusual: never another error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      try {
        parseHead(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n'), bytes, Buffer.from('\r\n\r\n')]))
      } catch (error) {
        assert.ok(error instanceof Unusual)
      }
    }),
  )
})

test('a request cannot be split by what a person or a redirect put into it', () => {
  const url = new URL('http://example.org/a?b=1')
  assert.throws(() => formatRequest(url, { 'x-a': 'b\r\nx-c: d' }), Unusual)
  assert.throws(() => formatRequest(url, { 'x-a': 'b\nc' }), Unusual)
  const request = formatRequest(new URL('http://example.org/a b\r\nc?d=\n'), { 'x-a': 'b' }).toString('latin1')
  assert.equal(request.split('\r\n').length, 6)
})

import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { maskText, maskValue } from '#kernel/mask.ts'

const cases: readonly (readonly [string, string])[] = [
  ['get https://bob:hunter2@example.org/a', 'get https://***@example.org/a'],
  ['ftp://bob@example.org', 'ftp://***@example.org'],
  ['postgresql+asyncpg://u:p@ss@db:5432/x', 'postgresql+asyncpg://***@db:5432/x'],
  ['https://medium.com/@writer', 'https://medium.com/@writer'],
  ['write to bob@example.org', 'write to bob@example.org'],
  ['https://x/y?a=1&token=abc&b=2#c', 'https://x/y?a=1&token=***&b=2#c'],
  ['https://x/y?X-Amz-Signature=ab%2F&X-Amz-Date=1', 'https://x/y?X-Amz-Signature=***&X-Amz-Date=1'],
  ['https://x/y?%74oken=abc', 'https://x/y?%74oken=***'],
  ['https://x/#access_token=abc&state=1', 'https://x/#access_token=***&state=1'],
  ['https://x/?key=AIza&code=4/0A&sig=x', 'https://x/?key=***&code=***&sig=***'],
  ['https://x/?monkey=1&encode=2&design=3', 'https://x/?monkey=1&encode=2&design=3'],
  ['https://x/?%zz=1&%zztoken=2', 'https://x/?%zz=1&%zztoken=***'],
  ['Authorization: Basic dTpw', 'Authorization: ***'],
  ['authorization: Bearer a.b.c\r\nAccept: */*', 'authorization: ***\r\nAccept: */*'],
  ['Cookie: a=b; c="d e"', 'Cookie: ***'],
  ['Set-Cookie: sid=1; HttpOnly', 'Set-Cookie: ***'],
  ['{"cookie":"a=b","x":1}', '{"cookie":"***","x":1}'],
  ['sent Bearer eyJhbGciOi.J9 along', 'sent Bearer *** along'],
  ['/bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw8/getMe', '/bot***/getMe'],
  ['12:30:45 took 3:07', '12:30:45 took 3:07'],
]

for (const [text, shown] of cases) {
  test(`${JSON.stringify(text)} is shown as ${JSON.stringify(shown)}`, () => assert.equal(maskText(text), shown))
}

test('known secrets go wherever they stand, also percent-encoded, the longest first', () => {
  assert.equal(maskText('x p@ss p%40ss p@ssword', ['p@ss', 'p@ssword', '']), 'x *** *** ***')
})

test('no known secret survives, whatever is around it', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 6 }), fc.string(), (before, secret, after) => {
      fc.pre(!`${before}\u0000${after}***@= `.includes(secret) && !secret.includes('*'))
      assert.ok(!maskText(`${before}\u0000${secret}\u0000${after}`, [secret]).includes(secret))
    }),
  )
})

test('fields that sound like secrets are hidden at any depth, and what only counts them is not', () => {
  const value = {
    code: 'source.gone',
    session: '01jx',
    tokens: 3,
    headers: { authorization: 'Bearer x', Accept: '*/*', 'Set-Cookie': ['a=b'] },
    list: [{ apiKey: 'k', url: 'http://u:p@h/' }],
    at: null,
  }
  assert.deepEqual(maskValue(value), {
    code: 'source.gone',
    session: '01jx',
    tokens: 3,
    headers: { authorization: '***', Accept: '*/*', 'Set-Cookie': '***' },
    list: [{ apiKey: '***', url: 'http://***@h/' }],
    at: null,
  })
})

test('an error keeps its code and loses the secrets in message, stack and cause', () => {
  const cause = new Error('at http://u:p@h/')
  const error = Object.assign(new Error('GET http://u:p@h/?token=1 failed', { cause }), { code: 'ECONNRESET' })
  const shown = JSON.stringify(maskValue({ err: error }))
  assert.doesNotMatch(shown, /u:p|token=1/)
  assert.match(shown, /ECONNRESET/)
})

test('a ring ends, and bytes are counted rather than shown', () => {
  const ring: Record<string, unknown> = { bytes: new Uint8Array(3) }
  ring['ring'] = ring
  assert.match(JSON.stringify(maskValue(ring)), /"bytes":"3 bytes"/)
})

test('a long text that means harm is read in time linear in its length', { timeout: 60_000 }, () => {
  // Quadratic reading of these takes minutes, linear a fraction of a second.
  for (const piece of ['a', 'a://', '?', '?a', 'cookie: ', 'cookie', ' ', '%', '1', 'bearer ', '&token', "'", '"']) {
    maskText(piece.repeat(200_000 / piece.length))
  }
})

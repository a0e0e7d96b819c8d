import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { batchKey, cleanLink, firstTitle, originKey, prepareWish, siteOf, wishKey } from './wish.ts'

const link = (text: string) => cleanLink(text).link.text
const key = (text: string, wish: object = {}, secrets: object = {}) => originKey(cleanLink(text).link, wish, secrets)

const taken: readonly (readonly [string, string])[] = [
  ['https://example.org/a.mp4', 'https://example.org/a.mp4'],
  ['  https://example.org/a  ', 'https://example.org/a'],
  ['HTTP://EXAMPLE.ORG:80/a', 'http://example.org/a'],
  ['example.org/video.mp4', 'https://example.org/video.mp4'],
  ['example.org:8443/x?y#z', 'https://example.org:8443/x?y#z'],
  ['sub.example.co.uk', 'https://sub.example.co.uk/'],
  ['ftp://example.org/pub/a', 'ftp://example.org/pub/a'],
  ['http://[::1]:8080/a', 'http://[::1]:8080/a'],
  ['http://[2001:DB8::0:1]/', 'http://[2001:db8::1]/'],
  ['https://bücher.example/straße', 'https://xn--bcher-kva.example/stra%C3%9Fe'],
  ['bücher.example/a', 'https://xn--bcher-kva.example/a'],
  ['https://example.org/a b', 'https://example.org/a%20b'],
  ['https://example.org/a/../../b', 'https://example.org/b'],
  ['http://127.1/', 'http://127.0.0.1/'],
  ['magnet:?xt=urn:btih:0123', 'magnet:?xt=urn:btih:0123'],
]
for (const [text, cleaned] of taken)
  test(`${JSON.stringify(text)} is the link ${cleaned}`, () => assert.equal(link(text), cleaned))

const refused: readonly (readonly [string, RegExp])[] = [
  ['', /empty/],
  ['   ', /empty/],
  ['https://example.org/a\nb', /control/],
  ['https://exam\tple.org/', /control/],
  ['https://example.org/\u0000', /control/],
  ['https://example.org/\u001B[2J', /control/],
  ['https://example.org/\u2028a', /control/],
  ['file:///etc/passwd', /file: links/],
  ['javascript:alert(1)', /javascript: links/],
  ['data:text/plain,x', /data: links/],
  ['gopher://example.org/', /gopher: links/],
  ['rclone:remote:path', /rclone: links/],
  ['-oProxyCommand=x', /begins with/],
  ['--output=/etc/passwd', /begins with/],
  ['/etc/passwd', /not an address/],
  ['../x', /not an address/],
  ['http://', /not an address/],
  ['https://exa mple.org/', /not an address/],
  ['http://[::1', /not an address/],
  ['http://example.org:99999/', /not an address/],
  ['just words', /not an address/],
  [`https://example.org/${'a'.repeat(9_000)}`, /longer than 8192/],
  [`https://example.org/${'ж'.repeat(4_000)}`, /longer than 8192/],
  [`magnet:?xt=${'a'.repeat(9_000)}`, /longer than 8192/],
  [`https://${'u'.repeat(300)}:p@example.org/`, /too long/],
]
for (const [text, why] of refused)
  test(`${JSON.stringify(text.slice(0, 40))} is refused with a reason`, () =>
    assert.throws(
      () => cleanLink(text),
      (thrown) => isFault(thrown, 'link.invalid') && why.test(thrown.message),
    ))

test('credentials are taken out of the link and decoded', () => {
  const cleaned = cleanLink('https://user%40home:p%3Aw@example.org/a')
  assert.deepEqual(cleaned, {
    link: { kind: 'url', text: 'https://example.org/a' },
    secrets: { user: 'user@home', password: 'p:w' },
  })
  assert.deepEqual(cleanLink('https://%ff:%zz@example.org/').secrets, { user: '%ff', password: '%zz' })
})

test('a title is made of the last part of the path, else of the host, and cannot command a terminal', () => {
  const title = (text: string) => firstTitle(cleanLink(text).link)
  assert.equal(title('https://example.org/a/My%20Film.mp4?x=1'), 'My Film.mp4')
  assert.equal(title('https://example.org:8080/'), 'example.org:8080')
  assert.equal(title('https://example.org/%1B%5B2J%00a%E2%80%AE'), '[2J a')
  assert.equal(title('https://example.org/%00'), 'example.org')
  assert.equal(title('https://example.org/%ff'), '%ff')
  assert.ok(title(`https://example.org/${'a'.repeat(500)}`).length <= 200)
  assert.ok(title(`magnet:?dn=${'a'.repeat(500)}`).length <= 200)
})

test('the site of a link is its host and unusual port', () => {
  assert.equal(siteOf(cleanLink('https://example.org:443/a').link), 'example.org')
  assert.equal(siteOf(cleanLink('https://example.org:8443/a').link), 'example.org:8443')
  assert.equal(siteOf(cleanLink('magnet:?xt=a').link), '')
})

test('the same thing has one key, however it is written', () => {
  assert.equal(key('HTTPS://Example.org/a'), key('example.org/a'))
  assert.equal(key('example.org/a', { recipe: 'default' }), key('example.org/a'))
  assert.equal(
    key('example.org/a', {}, { user: 'u', headers: { a: '1', b: '2' } }),
    key('example.org/a', {}, { headers: { b: '2', a: '1' }, user: 'u' }),
  )
})

test('another link, recipe or credential is another thing; another place or name another wish', () => {
  const keys = [
    key('example.org/a'),
    key('example.org/b'),
    key('example.org/a', { recipe: 'plain' }),
    key('example.org/a', {}, { user: 'u' }),
  ]
  assert.equal(new Set(keys).size, keys.length)
  const wishes = [
    wishKey('o', { destinations: ['library'] }),
    wishKey('o', { destinations: ['folder:/srv'] }),
    wishKey('o', { destinations: ['library'], options: { name: 'n' } }),
  ]
  assert.equal(new Set(wishes).size, wishes.length)
  assert.equal(wishKey('o', { destinations: ['library'], options: { limit: 5 } }), wishes[0])
})

test('a list is the same with the same lines in the same order and strictness', () => {
  assert.equal(batchKey(['a', 'b'], true), batchKey(['a', 'b'], true))
  const keys = [batchKey(['a', 'b'], true), batchKey(['b', 'a'], true), batchKey(['a', 'b'], false)]
  assert.equal(new Set(keys).size, 3)
})

test('a link of a media site loses what tracks, and its moment is where the clip begins unless clips were asked for', () => {
  const link = 'https://youtu.be/dQw4w9WgXcQ?si=abc&t=1m30s'
  const wish = prepareWish({ link })
  assert.equal(wish.link.text, 'https://www.youtube.com/watch?v=dQw4w9WgXcQ')
  assert.deepEqual(wish.options, { clips: [{ from: 90 }] })
  assert.deepEqual(prepareWish({ link, options: { clips: [{ from: 1, to: 2 }] } }).options, {
    clips: [{ from: 1, to: 2 }],
  })
})

test('another quality is another thing; another name, another speed or being asked is not', () => {
  const origin = (options: object) => prepareWish({ link: 'https://example.org/a', options }).originKey
  assert.notEqual(origin({ quality: 720 }), origin({}))
  assert.notEqual(origin({ quality: 720 }), origin({ quality: 480 }))
  assert.equal(origin({ name: 'x', limit: 5, connections: 2, chooseSeconds: 9, prefix: '01 ' }), origin({}))
})

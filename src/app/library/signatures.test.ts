import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashPassword, passwordMatches, signatures } from './signatures.ts'

const house = signatures(Buffer.alloc(32, 1))
const [, , link = '', signature = '', name = ''] = house.linkPath('link1', 'a b/ü?.mp4').split('/')

test('a signed address holds for its link only', () => {
  assert.equal(link, 'link1')
  assert.equal(name, 'a%20b_%C3%BC%3F.mp4')
  assert.equal(house.holdsLink('link1', signature), true)
  assert.equal(house.holdsLink('link2', signature), false)
  assert.equal(house.holdsThumbnail('link1', signature), false)
})

test('a changed, shortened or empty signature does not hold', () => {
  for (const bad of ['', signature.slice(1), `${signature}A`, signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))])
    assert.equal(house.holdsLink('link1', bad), false)
})

test('another house key makes other signatures', () => {
  assert.equal(signatures(Buffer.alloc(32, 2)).holdsLink('link1', signature), false)
})

test('a name that a client would resolve away is replaced', () => {
  for (const dots of ['', '.', '..']) assert.match(house.linkPath('x', dots), /\/file$/)
})

test('a password matches its hash and no other does', async () => {
  const hash = await hashPassword('pässword')
  assert.equal(await passwordMatches('pa\u0308ssword', hash), true)
  assert.equal(await passwordMatches('password', hash), false)
  assert.equal(await passwordMatches('pässword', 'md5$x$y'), false)
  assert.notEqual(hash, await hashPassword('pässword'))
})

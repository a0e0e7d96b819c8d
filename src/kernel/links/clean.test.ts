import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { cases } from './cases.ts'
import { cleanUrl } from './clean.ts'
import { siteRules, under } from './sites.ts'

for (const { link, clean, at } of cases) {
  test(`${link} is cleaned to ${clean}${at === undefined ? '' : ` from ${at} s`}`, () => {
    const cleaned = cleanUrl(new URL(link))
    assert.equal(cleaned.url.href, clean)
    assert.equal(cleaned.startSeconds, at)
  })
}

test('what is clean stays as it is', () => {
  for (const { clean } of cases) assert.equal(cleanUrl(new URL(clean)).url.href, clean)
})

test('no link of a site that is not listed loses anything but what tracks', () => {
  const pair = fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.stringMatching(/^[\w%20.-]{0,8}$/))
  fc.assert(
    fc.property(fc.webUrl(), fc.array(pair, { maxLength: 5 }), (link, pairs) => {
      const url = new URL(link)
      url.search = pairs.map(([name, value]) => `${name}=${value}`).join('&')
      const known = siteRules.some(({ hosts }) => hosts.some((host) => under(url, host)))
      const tracks = pairs.some(([name]) => /^(fbclid|gclid|yclid|dclid|igshid|utm)/.test(name))
      if (!known && !tracks) assert.equal(cleanUrl(url).url.href, url.href)
    }),
  )
})

test('nothing that a link may hold makes cleaning fail', () => {
  for (const link of [
    'https://youtube.com/%',
    'https://youtu.be/%00?t=-1',
    'https://vimeo.com/?h=&t=NaN',
    'https://x.com/?%',
  ]) {
    assert.doesNotThrow(() => cleanUrl(new URL(link)))
  }
})

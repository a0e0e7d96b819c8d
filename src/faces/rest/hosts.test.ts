import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isKnownHost, knownHosts } from './hosts.ts'

const none = knownHosts({ host: '127.0.0.1' })

test('loopback names and literal addresses are answered', () => {
  for (const host of [
    'localhost',
    'LOCALHOST:8787',
    'app.localhost',
    'localhost.',
    '127.0.0.1:1',
    '[::1]:8787',
    '10.0.0.5',
  ])
    assert.equal(isKnownHost(host, none), true, host)
})

test('other names are not, unless they are configured', () => {
  const known = knownHosts({ host: 'box', publicUrl: 'https://Media.example/x', hosts: ['alias.lan:80'] })
  for (const host of ['box', 'box:8787', 'media.example', 'MEDIA.EXAMPLE.:443', 'alias.lan'])
    assert.equal(isKnownHost(host, known), true, host)
  for (const host of ['evil.example', 'media.example.evil.example', 'localhost.evil.example', 'xlocalhost'])
    assert.equal(isKnownHost(host, known), false, host)
})

test('no host and what is no host are not answered', () => {
  for (const host of [
    undefined,
    '',
    ' ',
    'a b',
    'localhost@evil',
    'localhost/evil',
    '[::1',
    'a:b:c',
    'localhost:99999999',
  ])
    assert.equal(isKnownHost(host, none), false, String(host))
})

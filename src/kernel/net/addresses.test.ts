import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as hold, integer, property } from 'fast-check'
import { isFault } from '@jackdaw/contract/faults.ts'
import { parseHost, policy } from './addresses.ts'

const closed = policy({ allow: [] })
const refuses = (address: string) => isFault(closed.check(address), 'link.private')

const words = (text: string) => text.trim().split(/\s+/)

/** What a guard does with a host: a literal is checked, a name is looked up. */
function verdict(host: string): 'refused' | 'permitted' | 'name' {
  const parsed = parseHost(host)
  if (parsed.kind === 'name') return 'name'
  return refuses(parsed.address) ? 'refused' : 'permitted'
}

test('every spelling of the loopback address is understood and refused', () => {
  const spellings = words(`
    127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0x7F.0.0.0x1 0177.0.0.1 017700000001 127.0.0.1.
    127.000.000.001 １２７.0.0.1 127。0。0。1 %31%32%37.0.0.1 0x7f.0x0.0x0.0x1 [::1] ::1 [0:0:0:0:0:0:0:1]
    [::ffff:127.0.0.1] ::ffff:7f00:1 [::FFFF:7F00:0001] [::127.0.0.1] [64:ff9b::127.0.0.1] 64:ff9b::7f00:1
    [64:ff9b:1::7f00:1] [2002:7f00:1::] [::1%lo] [::ffff:0:127.0.0.1] [2001:0:53aa:64c::80ff:fffe]`)
  for (const spelling of spellings) assert.equal(verdict(spelling), 'refused', spelling)
})

test('what IANA lists as not globally reachable is refused, from its first to its last address', () => {
  const edges = words(`
    0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 169.254.0.1 169.254.169.254
    172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.0 192.168.255.255
    198.18.0.0 198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    168.63.129.16 :: fd00:ec2::254 fc00::1 fdff::1 fe80::1 fe80::1%eth0 febf::1 fec0::1 ff02::1 100::1
    2001:db8::1 2001::1 2001:1ff::1 2002:808:808::1 3fff::1 5f00::1 64:ff9b:1::808:808 64:ff9b::a00:1 4000::1
    ::8.8.8.8`)
  for (const edge of edges) assert.ok(refuses(edge), edge)
})

test('public addresses are permitted, also next to a refused range and through NAT64', () => {
  const open = words(`
    1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 169.253.255.255
    172.15.255.255 172.32.0.0 192.0.1.1 192.167.255.255 198.20.0.0 223.255.255.255 2606:4700::1111
    2001:4860:4860::8888 2a00::1 64:ff9b::808:808 ::ffff:8.8.8.8 2001:200::1`)
  for (const address of open) assert.equal(closed.check(address), undefined, address)
})

test('the allow-list opens exactly what it names', () => {
  const some = policy({ allow: ['127.0.0.2/32', '10.1.0.0/16', 'fd12::/16', '192.168.1.5', '::ffff:172.16.0.0/120'] })
  for (const open of ['127.0.0.2', '::ffff:127.0.0.2', '10.1.255.255', 'fd12::9', '192.168.1.5', '172.16.0.9'])
    assert.equal(some.check(open), undefined, open)
  for (const shut of ['127.0.0.1', '127.0.0.3', '10.2.0.0', 'fd13::1', '192.168.1.6', '64:ff9b::7f00:2', '172.16.1.0'])
    assert.ok(isFault(some.check(shut), 'link.private'), shut)
})

test('an entry of the allow-list that cannot be read is a fault of the configuration', () => {
  for (const entry of ['nonsense', '10.0.0.0/33', '', '10.0.0.0/', 'example.org'])
    assert.throws(
      () => policy({ allow: [entry] }),
      (thrown) => isFault(thrown, 'input.config'),
      entry,
    )
})

test('names stay names, and what is neither a name nor an address is refused', () => {
  assert.deepEqual(parseHost('Example.ORG.'), { kind: 'name', name: 'example.org' })
  assert.deepEqual(parseHost('bücher.example'), { kind: 'name', name: 'xn--bcher-kva.example' })
  assert.deepEqual(parseHost('localhost'), { kind: 'name', name: 'localhost' })
  for (const host of [
    '',
    '127.0.0.08',
    '256.1.1.1',
    '1.2.3.4.5',
    'a b',
    'a/b',
    'a@b',
    '[::1',
    'a:80',
    '::g',
    'a?b',
    '[]',
  ])
    assert.throws(
      () => parseHost(host),
      (thrown) => isFault(thrown, 'link.invalid'),
      host,
    )
})

test('any IPv4 address gets one verdict, however it is spelled', () => {
  const byte = integer({ min: 0, max: 255 })
  hold(
    property(byte, byte, byte, byte, (a, b, c, d) => {
      const number = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
      const dotted = `${a}.${b}.${c}.${d}`
      const expected = verdict(dotted)
      const hex = (value: number) => value.toString(16)
      const spellings = [
        String(number),
        `0x${hex(number)}`,
        `0${number.toString(8)}`,
        `${a}.${number & 0xffffff}`,
        `${a}.${b}.${(c << 8) | d}`,

        `0${a.toString(8)}.0x${hex(b)}.${c}.${d}`,
        `[::ffff:${dotted}]`,
        `::ffff:${hex((a << 8) | b)}:${hex((c << 8) | d)}`,
        `64:ff9b::${hex((a << 8) | b)}:${hex((c << 8) | d)}`,
      ]
      for (const spelling of spellings) assert.equal(verdict(spelling), expected, spelling)
    }),
  )
})

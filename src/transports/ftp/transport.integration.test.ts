import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault, type FaultCode } from '@jackdaw/contract/faults.ts'
import type { JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import type { Positions } from '#kernel/landing/landing.ts'
import type { LocalAsset } from '#pipeline/engine.ts'
import { direct } from '#sources/direct/source.ts'
import { FakeFtp, type FakeFtpHow } from '#test/fakes/ftp.ts'
import { TestRun } from '#test/fakes/run.ts'
import { portOf } from './session.ts'
import { createFtpTransport } from './transport.ts'

const bytes = 3_000_000

async function get(
  how: FakeFtpHow,
  path = `/file/${bytes}`,
  secrets: JobSecrets = {},
): Promise<{ asset: LocalAsset; ftp: FakeFtp; run: TestRun<Positions> }> {
  await using ftp = await FakeFtp.start(how)
  await using run = await TestRun.start<Positions>()
  const media = await direct.resolve({ kind: 'url', text: ftp.origin + path }, secrets, run)
  const [part] = media.parts
  assert.ok(part)
  const [asset] = await createFtpTransport({ stallMs: 2000 }).fetch(part, secrets, run)
  assert.ok(asset)
  assert.equal(asset.sha256, ftp.content.sha256(asset.bytes))
  return { asset, ftp, run }
}

const fails = async (code: FaultCode, ...how: Parameters<typeof get>) =>
  await assert.rejects(get(...how), (error) => {
    assert.ok(isFault(error, code), String(error))
    return true
  })

test('a file arrives as anonymous', async () => {
  const { asset } = await get({})
  assert.equal(asset.bytes, bytes)
})

test('a name and a password open the door', async () => {
  await get({ login: { user: 'me', password: 'secret' } }, undefined, { user: 'me', password: 'secret' })
  await fails('source.denied', { login: { user: 'me', password: 'secret' } })
})

test('a cut data connection is taken up where it was', async () => {
  const { ftp } = await get({ drop: 1_000_000, times: 2 })
  assert.ok(ftp.commands.some((command) => command.startsWith('REST ')))
  assert.ok(ftp.bytes < bytes + 200_000, `${ftp.bytes} bytes sent`)
})

test('an address in the answer to PASV is not believed', async () => {
  const { run } = await get({ pasv: '10.1.2.3' })
  assert.deepEqual([...new Set(run.connects.map((to) => to.host))], ['127.0.0.1'])
})

test('nothing there is gone', async () => await fails('source.gone', {}, '/nothing.bin'))
test('a line break in the path is no second command', async () =>
  await fails('link.invalid', {}, '/file/1%0d%0aDELE%20x'))

test('ports are read from both kinds of passive answers', () => {
  assert.equal(portOf('229 Entering Extended Passive Mode (|||6446|)'), 6446)
  assert.equal(portOf('227 Entering Passive Mode (192,168,1,100,10,229)'), 2789)
  assert.throws(() => portOf('227 Entering Passive Mode (none)'))
  assert.throws(() => portOf('229 (|||99999|)'))
})

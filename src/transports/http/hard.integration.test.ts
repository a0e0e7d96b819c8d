import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Positions } from '#kernel/landing/landing.ts'
import type { ConnectTo } from '#pipeline/engine.ts'
import { TestRun } from '#test/fakes/run.ts'
import { Site } from '#test/fakes/site/site.ts'
import { createHttpTransport } from './transport.ts'

const MiB = 1024 * 1024
const program = join(import.meta.dirname, '../../../bench/http/ours.ts')

test('a process killed with -9 on the way costs at most 8 MiB for each connection', async () => {
  await using site = await Site.start()
  const folder = await mkdtemp(join(tmpdir(), 'jackdaw-kill-'))
  try {
    const bytes = 48 * MiB
    const connections = 2
    const link = site.file(bytes, 'rate=20000000')
    const out = join(folder, 'out')
    const start = () =>
      spawn(process.execPath, [program, '--connections', String(connections), link, out], { stdio: 'ignore' })
    const counts = site.counts(link)
    for (const until of [bytes * 0.3, bytes * 0.6]) {
      const child = start()
      const ended = once(child, 'exit')
      while (counts.bytes < until && child.exitCode === null) await sleep(5)
      child.kill('SIGKILL')
      await ended
    }
    const [code] = await once(start(), 'exit')
    assert.equal(code, 0)
    const digest = createHash('sha256')
      .update(await readFile(out))
      .digest('hex')
    assert.equal(digest, site.content.sha256(bytes))
    const again = counts.bytes - bytes
    assert.ok(again <= 2 * connections * 8 * MiB, `${again} bytes sent again after two kills`)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a full disk is said to be one', { skip: process.platform !== 'linux' }, async () => {
  await using site = await Site.start()
  await using run = await TestRun.start<Positions>()
  await symlink('/dev/full', join(run.dir, 'body'))
  const bytes = 4 * MiB
  const request = { url: site.file(bytes), ranges: true, validators: { bytes } }
  const part = { transport: 'http', name: 'file', site: '127.0.0.1', request }
  await assert.rejects(createHttpTransport().fetch(part, {}, run), (error) => isFault(error, 'house.disk-full'))
})

test('a signed address that has expired is asked for anew at the original link', async () => {
  await using site = await Site.start()
  await using run = await TestRun.start<Positions>()
  const bytes = 4 * MiB
  const url = `${site.origin}/redirect?to=${encodeURIComponent(site.file(bytes, 'signature=fresh'))}`
  const final = site.file(bytes, 'signature=old&fail=403')
  const request = { url, final, ranges: true, validators: { bytes } }
  const part = { transport: 'http', name: 'file', site: '127.0.0.1', request }
  const [asset] = await createHttpTransport().fetch(part, {}, run)
  assert.equal(asset?.sha256, site.content.sha256(bytes))
  assert.equal(run.connects.length, 2)
})

test('two transfers from one host share its connections', async () => {
  await using site = await Site.start()
  const transport = createHttpTransport({ connections: 4 })
  const bytes = 16 * MiB
  const links = ['a', 'b'].map((name) => site.file(bytes, 'rate=6000000', name))
  let most = 0
  const watch = setInterval(
    () =>
      (most = Math.max(
        most,
        links.reduce((n, link) => n + site.counts(link).open, 0),
      )),
    5,
  )
  await Promise.all(
    links.map(async (url) => {
      await using run = await TestRun.start<Positions>()
      const request = { url, ranges: true, validators: { bytes } }
      const [asset] = await transport.fetch({ transport: 'http', name: 'f', site: '127.0.0.1', request }, {}, run)
      assert.equal(asset?.sha256, site.content.sha256(bytes))
    }),
  )
  clearInterval(watch)
  assert.ok(most <= 5, `${most} connections at once`)
})

test('connections that the house does not give are not waited for', async () => {
  await using site = await Site.start()
  const bytes = 12 * MiB
  const plain = await TestRun.start<Positions>()
  let [open, most] = [0, 0]
  const waiting: (() => void)[] = []
  const connect = async (to: ConnectTo) => {
    if (open >= 2) await new Promise<void>((resolve) => waiting.push(resolve))
    open += 1
    most = Math.max(most, open)
    const socket = await plain.connect(to)
    socket.once('close', () => {
      open -= 1
      waiting.shift()?.()
    })
    return socket
  }
  await using run = await TestRun.start<Positions>({ connect })
  const request = { url: site.file(bytes, 'rate=4000000'), ranges: true, validators: { bytes } }
  const part = { transport: 'http', name: 'file', site: '127.0.0.1', request }
  const [asset] = await createHttpTransport({ connectMs: 300 }).fetch(part, {}, run)
  assert.equal(asset?.sha256, site.content.sha256(bytes))
  assert.equal(most, 2)
  assert.ok(run.connects.length > 2)
  await plain[Symbol.asyncDispose]()
})

import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { announceServer, findServer, ownerToken } from './place.ts'

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'jackdaw-place-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

const mode = async (path: string) => (await stat(path)).mode & 0o777

test('the token is made once, long, and readable by its owner only', async (t) => {
  const data = await folder(t)
  const tokens = await Promise.all(Array.from({ length: 8 }, () => ownerToken(data)))
  assert.equal(new Set(tokens).size, 1)
  assert.match(tokens[0] ?? '', /^[\w-]{43}$/)
  assert.equal(await ownerToken(data), tokens[0])
  assert.equal(await mode(join(data, 'token')), 0o600)
  assert.deepEqual(await readdir(data), ['token'])
})

test('a token that others could read is closed to them', async (t) => {
  const data = await folder(t)
  await writeFile(join(data, 'token'), 'mine\n')
  await chmod(join(data, 'token'), 0o644)
  assert.equal(await ownerToken(data), 'mine')
  assert.equal(await mode(join(data, 'token')), 0o600)
})

test('a running server is found, and not after it has closed', async (t) => {
  const data = await folder(t)
  const place = { url: 'http://127.0.0.1:1', token: 't', pid: 4242, startedAt: '2026-01-01T00:00:00Z' }
  const announced = await announceServer(data, place)
  assert.deepEqual(await findServer(data), place)
  assert.equal(await mode(join(data, 'server.json')), 0o600)
  await announced[Symbol.asyncDispose]()
  assert.equal(await findServer(data), undefined)
  assert.deepEqual(await readdir(data), [])
})

test('closing leaves the place of a later server alone', async (t) => {
  const data = await folder(t)
  const place = { url: 'http://127.0.0.1:1', token: 't', pid: 1, startedAt: 'a' }
  const first = await announceServer(data, place)
  await announceServer(data, { ...place, pid: 2 })
  await first[Symbol.asyncDispose]()
  assert.equal((await findServer(data))?.pid, 2)
})

test('half of a file is no server', async (t) => {
  const data = await folder(t)
  await writeFile(join(data, 'server.json'), '{"url": "http')
  assert.equal(await findServer(data), undefined)
  assert.equal((await readFile(join(data, 'server.json'), 'utf8')).length > 0, true)
})

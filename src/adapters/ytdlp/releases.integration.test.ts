import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { createGuard } from '#kernel/net/guard.ts'
import { guardedFetch } from '#kernel/net/fetch.ts'
import { scratch } from '#test/fakes/local-run.ts'
import { updateYtdlp } from './releases.ts'

const program = (version: string) => `#!/bin/sh\necho ${version}\n`
const sum = (text: string) => createHash('sha256').update(text).digest('hex')

/** A server of releases, whose release is changed between updates; what it hands out is counted. */
async function setUp(t: TestContext, allow = ['127.0.0.1/32']) {
  const release = { file: program('2026.10.26'), sums: '' as string | undefined, redirect: '' }
  const asked: string[] = []
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://x')
    asked.push(pathname)
    if (release.redirect !== '') return void response.writeHead(302, { location: release.redirect }).end()
    const sums = release.sums === '' ? `${sum('x')}  yt-dlp.exe\n${sum(release.file)}  yt-dlp\n` : release.sums
    const text = pathname === '/latest/yt-dlp' ? release.file : pathname === '/latest/SHA2-256SUMS' ? sums : undefined
    return void response.writeHead(text === undefined ? 404 : 200).end(text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const http = guardedFetch(createGuard({ allow }))
  t.after(async () => {
    await http[Symbol.asyncDispose]()
    server.close()
    server.closeAllConnections()
  })
  const folder = join(await scratch(t), 'tools')
  const releases = `http://127.0.0.1:${(server.address() as AddressInfo).port}/latest/`
  const update = (signal = new AbortController().signal) =>
    updateYtdlp({ folder, releases, http, searchPath: process.env['PATH'] ?? '', signal })
  const there = async () => (await readdir(folder)).toSorted()
  return { release, asked, folder, update, there }
}

test('the newest is fetched, runs, and takes its place; the one before is kept', async (t) => {
  const { release, folder, update, there } = await setUp(t)
  const first = await update()
  assert.deepEqual([first.version, first.before, first.isNew], ['2026.10.26', undefined, true])
  assert.equal((await stat(first.path)).mode & 0o777, 0o755)
  assert.deepEqual(await there(), ['yt-dlp'])
  release.file = program('2026.11.15')
  const second = await update()
  assert.deepEqual([second.version, second.before, second.isNew], ['2026.11.15', '2026.10.26', true])
  assert.deepEqual(await there(), ['yt-dlp', 'yt-dlp.previous'])
  assert.equal(await readFile(join(folder, 'yt-dlp.previous'), 'utf8'), program('2026.10.26'))
})

test('what is the newest already is not fetched again', async (t) => {
  const { asked, update } = await setUp(t)
  await update()
  const again = await update()
  assert.equal(again.isNew, false)
  assert.equal(asked.filter((path) => path.endsWith('/yt-dlp')).length, 1)
})

for (const [what, change] of [
  ['whose checksum is another', (release) => (release.sums = `${sum('other')}  yt-dlp\n`)],
  ['without a checksum', (release) => (release.sums = `${sum('x')}  yt-dlp_macos\n`)],
  ['that does not start', (release) => (release.file = '#!/nonexistent\n')],
  ['that fails', (release) => (release.file = '#!/bin/sh\necho "no python" >&2; exit 1\n')],
  ['that says no version', (release) => (release.file = '#!/bin/sh\necho hello\n')],
] as readonly (readonly [string, (release: { file: string; sums: string | undefined }) => unknown])[]) {
  test(`a release ${what} changes nothing`, async (t) => {
    const { release, update, there, folder } = await setUp(t)
    await update()
    release.file = program('2026.11.15')
    change(release)
    await assert.rejects(update(), (error) => isFault(error, 'source.malformed'))
    assert.deepEqual(await there(), ['yt-dlp'])
    assert.equal(await readFile(join(folder, 'yt-dlp'), 'utf8'), program('2026.10.26'))
  })
}

test('a program that is broken is replaced', async (t) => {
  const { update, there, folder } = await setUp(t)
  await update()
  await writeFile(join(folder, 'yt-dlp'), 'broken')
  assert.equal((await update()).isNew, true)
  assert.deepEqual(await there(), ['yt-dlp'])
})

test('a release address inside the house is refused unless an operator allows it', async (t) => {
  const { update, asked } = await setUp(t, [])
  await assert.rejects(update(), (error) => isFault(error, 'link.private'))
  assert.equal(asked.length, 0)
})

test('a release that leads into the house is refused', async (t) => {
  const { release, update, there } = await setUp(t)
  release.redirect = 'http://127.0.0.2:9080/yt-dlp'
  await assert.rejects(update(), (error) => isFault(error, 'link.private'))
  assert.deepEqual(await there(), [])
})

test('no release is a fault of the far side', async (t) => {
  const { release, update } = await setUp(t)
  release.sums = undefined
  await assert.rejects(update(), (error) => isFault(error, 'source.gone'))
})

test('an update that is stopped changes nothing', async (t) => {
  const { update, there } = await setUp(t)
  await assert.rejects(update(AbortSignal.abort(new Error('stopped'))))
  assert.deepEqual(await there(), [])
})

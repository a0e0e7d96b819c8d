import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { Fault } from '@jackdaw/contract/faults.ts'
import { fakeRest } from '#test/fakes/rest.ts'

async function served(t: TestContext, given: { name?: string; type?: string; bytes?: string; password?: string } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'jackdaw-files-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const path = join(dir, 'f')
  await writeFile(path, given.bytes ?? '0123456789')
  const acts: string[] = []
  const asked: { link: string; signature: string }[] = []
  const state = { spent: false }
  const file = {
    path,
    name: given.name ?? 'a.mp4',
    type: given.type ?? 'video/mp4',
    sha256: 'f'.repeat(64),
    at: new Date('2026-01-02T03:04:05.678Z'),
    take: async (act: string) => {
      if (state.spent) throw new Fault('access.expired')
      acts.push(act)
    },
  }
  const fake = await fakeRest(t, {
    files: {
      async byLink({ link, signature, password }) {
        asked.push({ link, signature })
        if (signature !== 'good') throw new Fault('input.unknown', { noun: 'file', id: link })
        if (given.password !== undefined && password !== given.password) throw new Fault('access.unauthenticated')
        return file
      },
      thumbnail: async () => ({ ...file, type: 'image/jpeg' }),
    },
  })
  const get = async (headers: Record<string, string> = {}, path = '/files/l1/good/a.mp4', method = 'GET') =>
    await fetch(fake.rest.url + path, { headers, method })
  return { ...fake, get, acts, asked, state, path }
}

test('a signed link sends the file with all that a download needs', async (t) => {
  const { get, acts, answered } = await served(t, { name: 'Ünï "x"\r\n.mp4' })
  const response = await get()
  assert.equal(response.status, 200)
  assert.equal(await response.text(), '0123456789')
  const header = (name: string) => response.headers.get(name)
  assert.equal(header('content-type'), 'video/mp4')
  assert.equal(header('content-length'), '10')
  assert.equal(header('etag'), `"${'f'.repeat(64)}"`)
  assert.equal(header('last-modified'), 'Fri, 02 Jan 2026 03:04:05 GMT')
  assert.equal(header('accept-ranges'), 'bytes')
  assert.match(
    header('content-disposition') ?? '',
    /^attachment; filename=".*"; filename\*=UTF-8''%C3%9Cn%C3%AF%20%22x%22%0D%0A\.mp4$/,
  )
  assert.equal(header('x-content-type-options'), 'nosniff')
  assert.match(header('content-security-policy') ?? '', /^sandbox/)
  assert.deepEqual(acts, ['begin'])
  while (answered.length === 0) await new Promise(setImmediate)
  assert.equal(answered[0]?.route, '/files/:link/:signature/*', 'signatures stay out of the log')
})

test('ranges are parts, their start is a use and what follows is not', async (t) => {
  const { get, acts } = await served(t)
  const first = await get({ range: 'bytes=0-3' })
  assert.equal(first.status, 206)
  assert.equal(first.headers.get('content-range'), 'bytes 0-3/10')
  assert.equal(await first.text(), '0123')
  assert.equal(await (await get({ range: 'bytes=4-' })).text(), '456789')
  assert.equal(await (await get({ range: 'bytes=-2' })).text(), '89')
  assert.deepEqual(acts, ['begin', 'continue', 'continue'])
})

test('a range behind the end is refused and costs nothing', async (t) => {
  const { get, acts } = await served(t)
  const response = await get({ range: 'bytes=10-' })
  assert.equal(response.status, 416)
  assert.equal(response.headers.get('content-range'), 'bytes */10')
  assert.deepEqual(acts, ['look'])
})

test('several ranges, and one whose validator no longer holds, get the whole file', async (t) => {
  const { get } = await served(t)
  assert.equal((await get({ range: 'bytes=0-1,4-5' })).status, 200)
  const changed = await get({ range: 'bytes=5-', 'if-range': '"other"' })
  assert.equal(changed.status, 200)
  assert.equal(await changed.text(), '0123456789')
  assert.equal((await get({ range: 'bytes=5-', 'if-range': `"${'f'.repeat(64)}"` })).status, 206)
})

test('HEAD tells everything and costs nothing, nor does a copy that is still good', async (t) => {
  const { get, acts } = await served(t)
  const head = await get({}, '/files/l1/good/a.mp4', 'HEAD')
  assert.equal(head.status, 200)
  assert.equal(head.headers.get('content-length'), '10')
  assert.equal(await head.text(), '')
  assert.equal((await get({ 'if-none-match': `"${'f'.repeat(64)}"` })).status, 304)
  assert.equal((await get({ 'if-match': '"other"' })).status, 412)
  assert.deepEqual(acts, ['look', 'look', 'look'])
})

test('inline is asked for, and even then nothing runs', async (t) => {
  const { get } = await served(t, { type: 'text/html', bytes: '<script>alert(1)</script>', name: 'x.html' })
  const response = await get({}, '/files/l1/good/x.html?inline=1')
  assert.match(response.headers.get('content-disposition') ?? '', /^inline/)
  assert.match(response.headers.get('content-security-policy') ?? '', /^sandbox; default-src 'none'/)
  assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
})

test('an empty file is a whole file', async (t) => {
  const { get } = await served(t, { bytes: '' })
  const response = await get()
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-length'), '0')
  assert.equal(await response.text(), '')
})

test('a link that is used up is gone, a forged one does not exist', async (t) => {
  const { get, state } = await served(t)
  assert.equal((await get({}, '/files/l1/forged/a.mp4')).status, 404)
  state.spent = true
  const response = await get()
  assert.equal(response.status, 410)
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
  assert.equal(response.headers.get('etag'), null)
})

test('a protected link asks browsers for its password', async (t) => {
  const { get } = await served(t, { password: 'säsame:x' })
  const asked = await get()
  assert.equal(asked.status, 401)
  assert.match(asked.headers.get('www-authenticate') ?? '', /^Basic/)
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
  assert.equal((await get(basic('anybody:säsame:x'))).status, 200)
  assert.equal((await get(basic('anybody:wrong'))).status, 401)
  assert.equal((await get(basic('no colon'))).status, 401)
})

test('a file whose bytes are missing is a problem in words', async (t) => {
  const { get, path } = await served(t)
  await rm(path)
  const response = await get()
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
  assert.match(((await response.json()) as { detail: string }).detail, /bytes of this file are missing/)
})

test('thumbnails are shown inline', async (t) => {
  const { get } = await served(t)
  const response = await get({}, `/files/thumbnail/${'f'.repeat(64)}/good`)
  assert.equal(response.headers.get('content-type'), 'image/jpeg')
  assert.match(response.headers.get('content-disposition') ?? '', /^inline/)
})

test('a large file arrives whole, and a reader that leaves closes it', async (t) => {
  const { get } = await served(t, { bytes: 'x'.repeat(20_000_000) })
  assert.equal((await (await get()).arrayBuffer()).byteLength, 20_000_000)
  const gone = await get()
  await gone.body?.cancel()
  assert.equal((await get({ range: 'bytes=19999999-' })).status, 206)
})

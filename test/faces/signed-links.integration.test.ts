import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { files } from '#app/library/files.ts'
import { libraryOperations } from '#app/library/operations.ts'
import { signatures } from '#app/library/signatures.ts'
import type { FileLink, LibraryItem } from '@jackdaw/contract/operations/library.ts'
import { newId } from '#kernel/ids.ts'
import { fakeRest } from '#test/fakes/rest.ts'
import { fakeStore } from '#test/fakes/store.ts'
import { testTables } from '#test/tables.ts'

const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251))

async function house(t: TestContext) {
  const db = await testTables(t)
  const store = await fakeStore(t)
  const clock = { now: Date.now() }
  const ports = { db, store, signatures: signatures(Buffer.alloc(32, 9)), now: () => clock.now }
  const fake = await fakeRest(t, {
    parts: {
      library: libraryOperations({ ...ports, publicUrl: () => '', announceRemoved: async () => undefined }),
    },
    files: files(ports),
  })
  const sha256 = await store.fill(bytes)
  const picture = await store.fill(Buffer.from('ffd8ffe000104a46494600010100000100010000ffd9', 'hex'))
  const id = newId()
  await db
    .insertInto('assets')
    .values({
      id,
      account_id: 'owner',
      name: 'é 1.mp4',
      type: 'video/mp4',
      bytes: bytes.length,
      sha256,
      state: 'kept',
      thumbnail: picture,
    })
    .execute()
  const api = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const init =
      body === undefined
        ? { method }
        : { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await fake.call(`/api/v1${path}`, init)
    assert.equal(response.status, 200, await response.clone().text())
    return (await response.json()) as T
  }
  const make = async (body: object) => await api<FileLink>('POST', `/library/${id}/links`, body)
  const get = async (link: FileLink, headers: Record<string, string> = {}) =>
    await fetch(fake.rest.url + String(link.url), { headers })
  return { id, api, make, get, clock, url: fake.rest.url }
}

test('a link made over the API opens the file for whoever has its address', async (t) => {
  const { make, get } = await house(t)
  const link = await make({})
  const whole = await get(link)
  assert.equal(whole.status, 200)
  assert.deepEqual(Buffer.from(await whole.arrayBuffer()), bytes)
  const part = await get(link, { range: 'bytes=500-999' })
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(500, 1000))
})

test('a link with two uses gives two downloads and lets the second be resumed', async (t) => {
  const { make, get, api, id } = await house(t)
  const link = await make({ maxUses: 2 })
  assert.equal((await get(link)).status, 200)
  assert.equal((await get(link, { range: 'bytes=0-499' })).status, 206)
  assert.equal((await get(link, { range: 'bytes=500-' })).status, 206)
  assert.equal((await get(link)).status, 410)
  assert.equal((await get(link, { range: 'bytes=0-' })).status, 410)
  assert.equal((await api<FileLink[]>('GET', `/library/${id}/links`))[0]?.uses, 2)
})

test('a link ends by time, by revocation and with its asset', async (t) => {
  const { make, get, api, id, clock } = await house(t)
  const short = await make({ expiresInSeconds: 60 })
  const long = await make({ expiresInSeconds: 86_400 })
  const last = await make({ expiresInSeconds: 86_400 })
  clock.now += 61_000
  assert.equal((await get(short)).status, 410)
  await api('POST', `/links/${short.id}/extend`, { expiresInSeconds: 60 })
  assert.equal((await get(short)).status, 200)
  await api('DELETE', `/links/${long.id}`)
  assert.equal((await get(long)).status, 410)
  await api('DELETE', `/library/${id}`)
  assert.equal((await get(last)).status, 410)
})

test('an address that was changed opens nothing', async (t) => {
  const { make, url } = await house(t)
  const [one, two] = [await make({}), await make({})]
  const [, , link = '', signature = ''] = String(one.url).split('/')
  const status = async (path: string) => (await fetch(url + path)).status
  assert.equal(await status(`/files/${link}/${signature}/anything.html`), 200, 'the name is decoration')
  assert.equal(await status(`/files/${two.id}/${signature}/x`), 404)
  assert.equal(await status(`/files/${link}/${signature.slice(1)}/x`), 404)
  assert.equal(await status(`/files/${link}/${signature}A/x`), 404)
  assert.equal(await status(`/files/${link}/${encodeURIComponent("' or 1=1 --")}/x`), 404)
})

test('a protected link opens with its password', async (t) => {
  const { make, get } = await house(t)
  const link = await make({ password: 'sesame' })
  assert.equal((await get(link)).status, 401)
  const authorization = `Basic ${Buffer.from('me:sesame').toString('base64')}`
  assert.equal((await get(link, { authorization })).status, 200)
})

test('the thumbnail of an item is at the address that it names', async (t) => {
  const { api, id, url } = await house(t)
  const item = await api<LibraryItem>('GET', `/library/${id}`)
  const response = await fetch(url + String(item.thumbnail))
  assert.equal(response.headers.get('content-type'), 'image/jpeg')
  assert.equal((await fetch(url + String(item.thumbnail).slice(0, -1))).status, 404)
})

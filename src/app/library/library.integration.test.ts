import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { lockDigest } from '#db/digest-lock.ts'
import { newId } from '#kernel/ids.ts'
import { fakeDoor, local } from '#test/fakes/door.ts'
import { fakeParts } from '#test/fakes/operations.ts'
import { fakeStore } from '#test/fakes/store.ts'
import { testTables } from '#test/tables.ts'
import { door } from '../door.ts'
import { admit, assemble } from '../router.ts'
import { files } from './files.ts'
import { libraryOperations } from './operations.ts'
import { signatures } from './signatures.ts'

async function library(t: TestContext) {
  const db = await testTables(t)
  const store = await fakeStore(t)
  const signs = signatures(Buffer.alloc(32, 7))
  const removed: string[] = []
  const clock = { now: Date.now() }
  const operations = libraryOperations({
    db,
    store,
    signatures: signs,
    publicUrl: () => 'https://media.example',
    announceRemoved: async (_, asset) => void removed.push(asset.id),
    now: () => clock.now,
  })
  const router = assemble(fakeParts({ library: operations }), {
    door: door(fakeDoor()),
    capabilities: new Set(['library']),
  })
  const client = admit(router, { credential: local, requestId: 'r' }).library
  let made = 0
  const add = async (
    name: string,
    more: { title?: string; type?: string; bytes?: string; account?: string; link?: string; thumbnail?: string } = {},
  ) => {
    const bytes = more.bytes ?? name
    const sha256 = await store.fill(bytes)
    const id = newId(undefined, 1_700_000_000_000 + made++)
    await db
      .insertInto('assets')
      .values({
        id,
        account_id: more.account ?? 'owner',
        name,
        title: more.title ?? '',
        type: more.type ?? 'video/mp4',
        bytes: bytes.length,
        sha256,
        state: 'kept',
        link: more.link ?? null,
        thumbnail: more.thumbnail ?? null,
      })
      .execute()
    return { id, sha256 }
  }
  const names = async (input: Parameters<typeof client.list>[0]) => (await client.list(input)).items.map((i) => i.name)
  return {
    db,
    store,
    client,
    add,
    names,
    removed,
    clock,
    files: files({ db, store, signatures: signs, now: () => clock.now }),
  }
}

test('kept assets are found by words of title, name and link, the last word by its beginning', async (t) => {
  const { add, names } = await library(t)
  await add('big_buck.bunny-1080p.mp4')
  await add('x.mp4', { title: 'Sintel, the dragon' })
  await add('y.mp4', { link: 'https://films.example/tears-of-steel?v=1' })
  assert.deepEqual(await names({ search: 'buck bun' }), ['big_buck.bunny-1080p.mp4'])
  assert.deepEqual(await names({ search: 'DRAG' }), ['x.mp4'])
  assert.deepEqual(await names({ search: 'films steel' }), ['y.mp4'])
  assert.deepEqual(await names({ search: 'bun buck' }), [], 'only the last word may be a beginning')
  assert.deepEqual(await names({ search: "'); drop table assets; --" }), [])
  assert.equal((await names({ search: '!!!' })).length, 3)
})

test('assets are filtered by media type or its first half', async (t) => {
  const { add, names } = await library(t)
  await add('a.mp4')
  await add('b.mp3', { type: 'audio/mpeg' })
  await add('c.webm', { type: 'video/webm' })
  assert.deepEqual(await names({ type: 'video' }), ['c.webm', 'a.mp4'])
  assert.deepEqual(await names({ type: 'audio/mpeg' }), ['b.mp3'])
  assert.deepEqual(await names({ type: '%' }), [])
})

test('pages follow one another without gap or repetition', async (t) => {
  const { add, client } = await library(t)
  for (let n = 0; n < 7; n++) await add(`${n}`)
  const seen: string[] = []
  let before: string | undefined
  do {
    const page = await client.list({ limit: 3, ...(before === undefined ? {} : { before }) })
    seen.push(...page.items.map((item) => item.name))
    before = page.next ?? undefined
  } while (before !== undefined)
  assert.deepEqual(seen, ['6', '5', '4', '3', '2', '1', '0'])
})

test('the assets of another account are not seen', async (t) => {
  const { db, add, names, client } = await library(t)
  await db.insertInto('accounts').values({ id: 'other', name: 'other', role: 'member' }).execute()
  const { id } = await add('theirs', { account: 'other' })
  assert.deepEqual(await names({}), [])
  for (const operation of [client.get, client.remove, client.link, client.links])
    await assert.rejects(operation({ id }), (thrown) => isFault(thrown, 'input.unknown'))
})

test('removing frees the bytes and the thumbnail when nothing else needs them, and ends the links', async (t) => {
  const { add, client, store, removed } = await library(t)
  const thumbnail = await store.fill('picture')
  const { id, sha256 } = await add('a.mp4', { bytes: '12345', thumbnail })
  await client.link({ id })
  assert.deepEqual(await client.remove({ id }), { id, freedBytes: 5 })
  assert.equal(await store.has(sha256), false)
  assert.equal(await store.has(thumbnail), false)
  assert.deepEqual(removed, [id])
  await assert.rejects(client.remove({ id }), (thrown) => isFault(thrown, 'input.unknown'))
})

test('bytes that another account keeps, as content or thumbnail, stay', async (t) => {
  const { db, add, client, store } = await library(t)
  await db.insertInto('accounts').values({ id: 'other', name: 'other', role: 'member' }).execute()
  const mine = await add('a', { bytes: 'same' })
  const picture = await add('p', { bytes: 'picture' })
  await add('b', { bytes: 'same', account: 'other', thumbnail: picture.sha256 })
  assert.equal((await client.remove({ id: mine.id })).freedBytes, 0)
  assert.equal((await client.remove({ id: picture.id })).freedBytes, 0)
  assert.equal(await store.has(mine.sha256), true)
  assert.equal(await store.has(picture.sha256), true)
})

test('a keep of equal content that is under way is waited for, and its bytes stay', async (t) => {
  const { db, add, client, store } = await library(t)
  await db.insertInto('accounts').values({ id: 'other', name: 'other', role: 'member' }).execute()
  const { id, sha256 } = await add('a', { bytes: 'same' })
  const locked = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const keep = db.transaction().execute(async (tx) => {
    await lockDigest(tx, sha256)
    locked.resolve()
    await goOn.promise
    await tx
      .insertInto('assets')
      .values({ id: newId(), account_id: 'other', name: 'b', type: 'x/y', bytes: 4, sha256, state: 'kept' })
      .execute()
  })
  await locked.promise
  const removal = client.remove({ id })
  // Its own row goes at once; the bytes wait for the lock.
  while ((await client.list({})).items.length > 0) await new Promise(setImmediate)
  assert.equal(await store.has(sha256), true)
  goOn.resolve()
  await keep
  assert.equal((await removal).freedBytes, 0)
  assert.equal(await store.has(sha256), true)
})

test('a signed link opens its file and counts its uses, also when two begin at once', async (t) => {
  const { add, client, files } = await library(t)
  const { id } = await add('a.mp4')
  const link = await client.link({ id, maxUses: 1 })
  assert.match(link.url ?? '', /^https:\/\/media\.example\/files\//)
  const signature = link.url?.split('/')[5] ?? ''
  const [one, two] = await Promise.all([
    files.byLink({ link: link.id, signature }),
    files.byLink({ link: link.id, signature }),
  ])
  const results = await Promise.allSettled([one.take('begin'), two.take('begin')])
  assert.deepEqual(results.map((r) => r.status).toSorted(), ['fulfilled', 'rejected'])
  const [shown] = await client.links({ id })
  assert.equal(shown?.uses, 1)
  assert.equal(shown?.url, undefined)
})

test('a link ends by time, lives longer when extended and dies when revoked', async (t) => {
  const { add, client, files, clock } = await library(t)
  const { id } = await add('a.mp4')
  const link = await client.link({ id, expiresInSeconds: 60 })
  const grant = { link: link.id, signature: link.url?.split('/')[5] ?? '' }
  const expired = (thrown: unknown) => isFault(thrown, 'access.expired')
  clock.now += 61_000
  await assert.rejects(files.byLink(grant), expired)
  await client.extend({ link: link.id, expiresInSeconds: 60 })
  await files.byLink(grant)
  assert.notEqual((await client.revoke({ link: link.id })).revokedAt, null)
  await assert.rejects(files.byLink(grant), expired)
  await assert.rejects(client.extend({ link: link.id, expiresInSeconds: 60 }), (thrown) =>
    isFault(thrown, 'input.conflict'),
  )
})

test('a protected link wants its password', async (t) => {
  const { db, add, client, files } = await library(t)
  const { id } = await add('a.mp4')
  const link = await client.link({ id, password: 'sesame' })
  assert.equal(link.protected, true)
  const grant = { link: link.id, signature: link.url?.split('/')[5] ?? '' }
  for (const password of [undefined, '', 'wrong'])
    await assert.rejects(files.byLink({ ...grant, ...(password === undefined ? {} : { password }) }), (thrown) =>
      isFault(thrown, 'access.unauthenticated'),
    )
  assert.equal((await files.byLink({ ...grant, password: 'sesame' })).name, 'a.mp4')
  assert.doesNotMatch(JSON.stringify(await db.selectFrom('links').selectAll().execute()), /sesame/)
})

test('verify finds damaged, missing and orphaned bytes and removes nothing', async (t) => {
  const { add, client, store } = await library(t)
  const sound = await add('sound')
  const damaged = await add('damaged')
  const missing = await add('missing')
  await writeFile(store.path(damaged.sha256), 'rotten')
  await store.remove(missing.sha256)
  const orphan = await store.fill('nobody needs this')
  assert.deepEqual(await client.verify({}), {
    checked: 3,
    damaged: [damaged.id],
    missing: [missing.id],
    orphans: [orphan],
  })
  assert.equal((await client.verify({ id: sound.id })).checked, 1)
  store.at = Date.now()
  assert.deepEqual((await client.verify({})).orphans, [], 'young bytes may belong to a keep under way')
})

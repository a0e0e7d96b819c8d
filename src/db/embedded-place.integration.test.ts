import assert from 'node:assert/strict'
import { chmod, chown, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { ask, canRun, command, house, isAlive, serverPid } from '#test/houses.ts'
import { quiet, testFolder } from '#test/postgres.ts'
import { openEmbedded } from './embedded.ts'

const isRoot = process.getuid?.() === 0
// nobody, on Debian and most others.
const nobody = 65534

test('a full disk is told, and nothing half-made stays', { skip: !isRoot && 'mounting needs root' }, async (t) => {
  const small = join(await testFolder(t), 'small')
  await mkdir(small)
  await command('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=755', 'jackdaw-test', small])
  await using mounted = new AsyncDisposableStack()
  mounted.defer(() => command('umount', [small]))
  await assert.rejects(openEmbedded({ dir: join(small, 'pg'), log: quiet }), (error) =>
    isFault(error, 'house.disk-full'),
  )
  assert.deepEqual(await readdir(small), ['pg.house'])
  await command('mount', ['-o', 'remount,size=200m', small])
  await using database = await openEmbedded({ dir: join(small, 'pg'), log: quiet })
  assert.equal((await ask(database.url, 'select 1 as one'))['one'], 1)
})

test('a folder that only root may enter gets its cluster elsewhere, for good', { skip: !isRoot }, async (t) => {
  const closed = await testFolder(t)
  await chmod(closed, 0o700)
  const dir = join(closed, 'pg')
  const said: unknown[] = []
  const first = await openEmbedded({ dir, log: { ...quiet, info: (...fields: unknown[]) => said.push(fields) } })
  t.after(() => rm(dirname(first.cluster), { recursive: true, force: true }))
  assert.match(first.cluster, /^\/var\/lib\/jackdaw\/[0-9a-f]{12}-[0-9a-f]{6}\/pg$/)
  assert.match(JSON.stringify(said), /placed where its user can reach it/)
  const note = await readFile(join(closed, 'pg-location.txt'), 'utf8')
  assert.equal(note.split('\n')[0], first.cluster)
  assert.match(note, /cannot reach/)
  await ask(first.url, 'create table kept as select 42 as answer')
  await first[Symbol.asyncDispose]()
  await chmod(closed, 0o755)
  await using second = await openEmbedded({ dir, log: quiet })
  assert.equal((await ask(second.url, 'select answer from kept'))['answer'], 42)
})

test('a cluster that its user cannot reach any more is explained, not replaced', { skip: !isRoot }, async (t) => {
  const folder = await testFolder(t)
  await (await openEmbedded({ dir: join(folder, 'pg'), log: quiet }))[Symbol.asyncDispose]()
  await chmod(folder, 0o700)
  await assert.rejects(openEmbedded({ dir: join(folder, 'pg'), log: quiet }), (error) => {
    assert(isFault(error, 'house.database-unfit'))
    assert.match(error.message, /chmod o\+x/)
    return true
  })
})

test('an ordinary user runs the server as themselves, root joins them, others are refused', async (t) => {
  if (!isRoot || !(await canRun(nobody))) return t.skip('needs root, and a checkout that nobody can read')
  const folder = await testFolder(t)
  await chown(folder, nobody, nobody)
  const dir = join(folder, 'pg')
  const theirs = house(t, dir, { uid: nobody })
  const line = await theirs.line
  assert.equal(line['fault'], undefined)
  const pid = await serverPid(dir)
  assert.equal((await stat(`/proc/${pid}`)).uid, nobody)
  await using ours = await openEmbedded({ dir, log: quiet })
  assert.equal(await serverPid(dir), pid)
  await theirs.leave()
  assert(isAlive(pid))
  await ours[Symbol.asyncDispose]()
  assert(!isAlive(pid))
  // Started by root in that folder, it still runs as its owner.
  await using again = await openEmbedded({ dir, log: quiet })
  assert.equal((await stat(`/proc/${await serverPid(again.cluster)}`)).uid, nobody)
  const daemon = await house(t, dir, { uid: 1 }).line
  assert.match(String(daemon['fault']), /belongs to/)
  return undefined
})

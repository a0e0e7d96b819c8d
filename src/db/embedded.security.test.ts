import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { Client } from 'pg'
import { isFault } from '@jackdaw/contract/faults.ts'
import { canRun } from '#test/houses.ts'
import { quiet, testFolder } from '#test/postgres.ts'
import { openEmbedded } from './embedded.ts'
import { shortHash } from './server-place.ts'

const isRoot = process.getuid?.() === 0
// nobody, on Debian and most others.
const nobody = 65534
const cannot = !(isRoot && (await canRun(nobody))) && 'needs root, and a checkout that nobody can read'

test('no other user of the machine gets in, by socket or by file', { skip: cannot }, async (t) => {
  await using database = await openEmbedded({ dir: join(await testFolder(t), 'pg'), log: quiet })
  const socket = join(database.cluster, '.s.PGSQL.5432')
  assert.match(await asNobody(`require('net').connect(${JSON.stringify(socket)})`), /EACCES/)
  assert.match(await asNobody(`fs.readdirSync(${JSON.stringify(database.cluster)})`), /EACCES/)
  assert.match(await asNobody(`fs.readdirSync(${JSON.stringify(`${database.cluster}.house`)})`), /EACCES/)
})

test('the server itself asks the kernel who connects', { skip: cannot }, async (t) => {
  const dir = join(await testFolder(t), 'pg')
  // Should the folder and the socket ever be opened to all:
  await using database = await openEmbedded({ dir, log: quiet, settings: { unix_socket_permissions: '0777' } })
  await chmod(dir, 0o711)
  const connect = (user: string) =>
    `new (require(${JSON.stringify(createRequire(import.meta.url).resolve('pg'))}).Client)(
      { host: ${JSON.stringify(dir)}, user: '${user}', database: 'jackdaw' }).connect().then(() => console.error('in'))`
  assert.match(await asNobody(connect('jackdaw')), /Peer authentication failed/)
  assert.match(await asNobody(connect('postgres')), /no pg_hba.conf entry/)
  assert.ok(database.url)
})

test('statements and their values do not come into the log of the server', async (t) => {
  await using database = await openEmbedded({ dir: join(await testFolder(t), 'pg'), log: quiet })
  const client = new Client({ connectionString: database.url })
  await client.connect()
  await client.query('create table secrets (value text primary key)')
  for (const expected of [1, 0]) {
    const done = await client.query('insert into secrets values ($1)', ['hunter2']).catch(() => ({ rowCount: 0 }))
    assert.equal(done.rowCount, expected)
  }
  await client.query(`select 'hunter2' from nowhere`).catch(() => undefined)
  await client.end()
  const logs = await readdir(join(database.cluster, 'log'))
  assert(logs.length > 0)
  for (const name of logs) {
    assert.doesNotMatch(await readFile(join(database.cluster, 'log', name), 'utf8'), /hunter2/)
  }
  assert.doesNotMatch(await readFile(join(database.cluster, 'start.log'), 'utf8'), /hunter2/)
})

test('the environment of the house does not reach the server', { skip: process.platform !== 'linux' }, async (t) => {
  process.env['JACKDAW_SECRET_OF_TEST'] = 'hunter2'
  t.after(() => delete process.env['JACKDAW_SECRET_OF_TEST'])
  const dir = join(await testFolder(t), 'pg')
  await using _ = await openEmbedded({ dir, log: quiet })
  const pid = (await readFile(join(dir, 'postmaster.pid'), 'utf8')).split('\n')[0]
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1')
  assert.match(environment, /TZ=UTC/)
  assert.doesNotMatch(environment, /hunter2/)
})

test('a socket folder below /tmp that somebody else made is not used', { skip: !isRoot && 'needs root' }, async (t) => {
  const dir = join(await testFolder(t), 'deep'.repeat(20), 'deeper'.repeat(20), 'pg')
  const first = await openEmbedded({ dir, log: quiet })
  const folder = new URL(first.url).searchParams.get('host') ?? ''
  assert(folder.endsWith(shortHash(first.cluster)))
  await first[Symbol.asyncDispose]()
  await mkdir(folder, { mode: 0o700 })
  await chown(folder, nobody, nobody)
  t.after(() => rm(folder, { recursive: true }))
  await assert.rejects(openEmbedded({ dir, log: quiet }), (error) => {
    assert(isFault(error, 'house.database-unfit'))
    assert.match(error.message, /not a private folder/)
    return true
  })
})

test('root writes through no link that the server could have left', { skip: !isRoot && 'needs root' }, async (t) => {
  const folder = await testFolder(t)
  const dir = join(folder, 'pg')
  await (await openEmbedded({ dir, log: quiet }))[Symbol.asyncDispose]()
  const victim = join(folder, 'victim')
  await writeFile(victim, 'precious')
  for (const name of ['postgresql.conf.new', 'pg_hba.conf.new', 'pg_ident.conf.new']) {
    await symlink(victim, join(dir, name))
  }
  await rm(join(dir, 'start.log'))
  await symlink(victim, join(dir, 'start.log'))
  await using _ = await openEmbedded({ dir, log: quiet })
  assert.equal(await readFile(victim, 'utf8'), 'precious')
  assert.equal((await stat(victim)).uid, 0)
})

async function asNobody(code: string): Promise<string> {
  const child = spawn(process.execPath, ['-e', code], { uid: nobody, gid: nobody, cwd: '/' })
  const [said] = await Promise.all([text(child.stderr), once(child, 'exit')])
  return said
}

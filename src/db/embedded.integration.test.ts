import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chown, cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { ask, command, house, isAlive, serverPid } from '#test/houses.ts'
import { quiet, testFolder } from '#test/postgres.ts'
import { openEmbedded } from './embedded.ts'

// initdb takes a second: tests that are not about it copy a stopped cluster that is made once.
const original = await testFolder({ after })
before(async () => (await openEmbedded({ dir: join(original, 'pg'), log: quiet }))[Symbol.asyncDispose]())

test('a fresh folder gets a server, the second opening the same one, and the last out stops it', async (t) => {
  const dir = join(await testFolder(t), 'pg')
  const first = await openEmbedded({ dir, log: quiet })
  const pid = await serverPid(dir)
  const second = await openEmbedded({ dir, log: quiet })
  assert.equal(await serverPid(dir), pid)
  assert.equal(second.url, first.url)
  await ask(first.url, 'create table kept as select 42 as answer')
  await first[Symbol.asyncDispose]()
  await first[Symbol.asyncDispose]()
  assert(isAlive(pid), 'somebody is still in')
  await second[Symbol.asyncDispose]()
  assert(!isAlive(pid))
  await using third = await openEmbedded({ dir, log: quiet })
  assert.equal((await ask(third.url, 'select answer from kept'))['answer'], 42)
})

test('the server is durable, quiet, small and deaf to the network', async (t) => {
  await using database = await openEmbedded({ dir: await prepared(t), log: quiet })
  const settings = await ask(
    database.url,
    `select jsonb_object_agg(name, setting) as all from pg_settings where name in ('fsync', 'synchronous_commit',
      'full_page_writes', 'jit', 'listen_addresses', 'TimeZone', 'log_statement', 'server_encoding', 'data_checksums')`,
  )
  assert.deepEqual(settings['all'], {
    data_checksums: 'on',
    fsync: 'on',
    full_page_writes: 'on',
    jit: 'off',
    listen_addresses: '',
    log_statement: 'none',
    server_encoding: 'UTF8',
    synchronous_commit: 'on',
    TimeZone: 'UTC',
  })
})

test('a house that opens while the last one closes gets a server', async (t) => {
  const dir = await prepared(t)
  let last = await openEmbedded({ dir, log: quiet })
  for (let round = 0; round < 8; round++) {
    const [next] = await Promise.all([openEmbedded({ dir, log: quiet }), last[Symbol.asyncDispose]()])
    assert.equal((await ask(next.url, 'select 1 as one'))['one'], 1)
    last = next
  }
  const pid = await serverPid(dir)
  await last[Symbol.asyncDispose]()
  assert(!isAlive(pid))
})

test('twenty processes at once on a fresh folder share one server, and the last one out stops it', async (t) => {
  const dir = join(await testFolder(t), 'pg')
  const houses = Array.from({ length: 20 }, () => house(t, dir))
  const lines = await Promise.all(houses.map(({ line }) => line))
  for (const line of lines) assert.equal(line['fault'], undefined)
  assert.equal(new Set(lines.map(({ started }) => started)).size, 1)
  const pid = await serverPid(dir)
  await Promise.all(houses.map((each) => each.leave()))
  assert(!isAlive(pid))
  assert.deepEqual(await readdir(join(`${dir}.house`, 'in')), [])
})

test('the server outlives a killed process, is attached to, and the dead do not count as in', async (t) => {
  const dir = await prepared(t)
  const killed = house(t, dir)
  await killed.line
  const pid = await serverPid(dir)
  killed.child.kill('SIGKILL')
  await once(killed.child, 'exit')
  assert(isAlive(pid))
  const database = await openEmbedded({ dir, log: quiet })
  assert.equal(await serverPid(dir), pid)
  await database[Symbol.asyncDispose]()
  assert(!isAlive(pid))
})

test('houses killed at any moment of opening leave a folder that opens', async (t) => {
  const dir = join(await testFolder(t), 'pg')
  // From before the lock, through initdb and the start of the server, to being in.
  for (const afterMs of [100, 300, 600, 900, 1100, 1300]) {
    const houses = [house(t, dir), house(t, dir)]
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    for (const { child } of houses) child.kill('SIGKILL')
    await Promise.all(houses.map(({ exited }) => exited))
  }
  const database = await openEmbedded({ dir, log: quiet })
  const pid = await serverPid(dir)
  assert.equal((await ask(database.url, 'select 1 as one'))['one'], 1)
  await database[Symbol.asyncDispose]()
  assert(!isAlive(pid))
  assert.deepEqual(await readdir(join(`${dir}.house`, 'in')), [])
})

test('the server has a session of its own and does not keep a forgetful process alive', async (t) => {
  const dir = await prepared(t)
  const forgetful = house(t, dir, { args: ['--forget'] })
  await forgetful.line
  const pid = await serverPid(dir)
  const [code] = (await forgetful.exited) as [number]
  assert.equal(code, 0)
  assert(isAlive(pid))
  if (process.platform === 'linux') {
    const session = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[3]
    assert.equal(session, String(pid))
  }
  await (await openEmbedded({ dir, log: quiet }))[Symbol.asyncDispose]()
  assert(!isAlive(pid))
})

test('a server that was killed is started anew and recovers what was committed', async (t) => {
  const dir = await prepared(t)
  await using first = await openEmbedded({ dir, log: quiet })
  await ask(first.url, 'create table kept as select 42 as answer')
  const pid = await serverPid(dir)
  process.kill(pid, 'SIGKILL')
  await using second = await openEmbedded({ dir, log: quiet })
  assert.notEqual(await serverPid(dir), pid)
  assert.equal((await ask(second.url, 'select answer from kept'))['answer'], 42)
})

for (const [whose, pid] of [
  ['a process that is gone', 2 ** 22 - 3],
  ['an unrelated process', process.pid],
] as const) {
  test(`a postmaster.pid that names ${whose} is no obstacle`, async (t) => {
    const dir = await prepared(t)
    const file = join(dir, 'postmaster.pid')
    await writeFile(file, `${pid}\n${dir}\n1700000000\n5432\n${dir}\n\n  1 2\nready\n`)
    const { uid, gid } = await stat(dir)
    await chown(file, uid, gid)
    await using database = await openEmbedded({ dir, log: quiet })
    assert.equal((await ask(database.url, 'select 1 as one'))['one'], 1)
  })
}

test('a copy of a running data folder gets a server of its own', async (t) => {
  const folder = dirname(await prepared(t))
  await using original = await openEmbedded({ dir: join(folder, 'pg'), log: quiet })
  await mkdir(join(folder, 'copy'))
  // The sockets cannot be copied. The rest is what a snapshot of the disk would hold.
  const filter = (path: string) => !path.includes('.s.PGSQL')
  await cp(join(folder, 'pg'), join(folder, 'copy/pg'), { recursive: true, filter })
  await giveTree(join(folder, 'copy/pg'), (await stat(join(folder, 'pg'))).uid)
  await using copy = await openEmbedded({ dir: join(folder, 'copy/pg'), log: quiet })
  assert.notEqual(await serverPid(copy.cluster), await serverPid(original.cluster))
})

test('a folder too deep for a socket works', async (t) => {
  const dir = join(await testFolder(t), 'deep'.repeat(20), 'deeper'.repeat(20), 'pg')
  const database = await openEmbedded({ dir, log: quiet })
  const socket = new URL(database.url).searchParams.get('host') ?? ''
  assert(socket.length < 60)
  assert.equal((await stat(socket)).mode & 0o077, 0)
  assert.equal((await ask(database.url, 'show data_directory'))['data_directory'], database.cluster)
  await database[Symbol.asyncDispose]()
  await assert.rejects(stat(socket), { code: 'ENOENT' })
})

for (const [version, advice] of [
  ['17', /made by PostgreSQL 17.*export it/],
  ['99', /made by PostgreSQL 99.*newer Jackdaw/],
] as const) {
  test(`a cluster of PostgreSQL ${version} is refused in words`, async (t) => {
    const dir = join(await testFolder(t), 'pg')
    await mkdir(dir)
    await writeFile(join(dir, 'PG_VERSION'), `${version}\n`)
    await assert.rejects(openEmbedded({ dir, log: quiet }), (error) => {
      assert(isFault(error, 'house.database-unfit'))
      assert.match(error.message, advice)
      return true
    })
  })
}

test('a folder with something else in it is left alone', async (t) => {
  const dir = join(await testFolder(t), 'pg')
  await mkdir(dir)
  await writeFile(join(dir, 'letters.txt'), 'dear')
  await assert.rejects(openEmbedded({ dir, log: quiet }), (error) => {
    assert(isFault(error, 'house.database-unfit'))
    assert.match(error.message, /move it away/)
    return true
  })
  assert.deepEqual(await readdir(dir), ['letters.txt'])
  assert.deepEqual((await readdir(dirname(dir))).sort(), ['pg', 'pg.house'])
})

test('a setting that the server refuses is told in its own words', async (t) => {
  const dir = await prepared(t)
  const broken = openEmbedded({ dir, log: quiet, settings: { shared_buffers: 'plenty' } })
  await assert.rejects(broken, (error) => {
    assert(isFault(error, 'house.database-unfit'))
    assert.match(error.message, /shared_buffers/)
    return true
  })
  await using mended = await openEmbedded({ dir, log: quiet })
  assert.equal((await ask(mended.url, 'show shared_buffers'))['shared_buffers'], '64MB')
})

test('opening stops when its signal is aborted, with the reason of the signal', async (t) => {
  const dir = join(await testFolder(t), 'pg')
  const reason = new Error('enough')
  await assert.rejects(openEmbedded({ dir, log: quiet, signal: AbortSignal.abort(reason) }), reason)
  assert.deepEqual(await readdir(join(`${dir}.house`, 'in')), [])
})

/** A data folder with a stopped cluster. */
async function prepared(t: TestContext): Promise<string> {
  const folder = await testFolder(t)
  await command('cp', ['-a', `${original}/.`, folder])
  return join(folder, 'pg')
}

async function giveTree(folder: string, uid: number): Promise<void> {
  const { gid } = await stat(folder)
  await chown(folder, uid, gid)
  for (const entry of await readdir(folder, { recursive: true })) await chown(join(folder, entry), uid, gid)
}

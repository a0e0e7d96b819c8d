import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, chown, cp, mkdir, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test, type TestContext } from 'node:test'
import { Client } from 'pg'
import { isFault } from '@jackdaw/contract/faults.ts'
import { quiet, testFolder } from '#test/postgres.ts'
import { openEmbedded } from './embedded.ts'

const isRoot = process.getuid?.() === 0
// nobody, on Debian and most others.
const nobody = 65534

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
  await assert.rejects(openEmbedded({ dir, log: quiet }), (error) => isFault(error, 'house.database-unfit'))
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
  const folder = dirname(await prepared(t))
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

/** A data folder with a stopped cluster. */
async function prepared(t: TestContext): Promise<string> {
  const folder = await testFolder(t)
  await command('cp', ['-a', `${original}/.`, folder])
  return join(folder, 'pg')
}

type House = {
  readonly child: ChildProcess
  readonly line: Promise<Record<string, unknown>>
  readonly exited: Promise<unknown[]>
  leave(): Promise<void>
}

function house(t: TestContext, dir: string, { uid, args = [] }: { uid?: number; args?: string[] } = {}): House {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../test/fakes/house.ts'), dir, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  const exited = once(child, 'exit')
  t.after(() => child.kill('SIGKILL'))
  const line = once(createInterface(child.stdout), 'line').then(([text]) => JSON.parse(String(text)))
  const leave = async () => {
    child.stdin.end()
    await exited
  }
  return { child, line, exited, leave }
}

async function ask(url: string, sql: string): Promise<Record<string, unknown>> {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows[0] ?? {}
  } finally {
    await client.end()
  }
}

async function serverPid(cluster: string): Promise<number> {
  return Number((await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')[0])
}

/** A zombie is dead: under a process 1 that buries nobody it stays. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

async function command(tool: string, args: string[]): Promise<void> {
  const [code] = await once(spawn(tool, args, { stdio: 'inherit' }), 'exit')
  assert.equal(code, 0, `${tool} ${args.join(' ')}`)
}

async function canRun(uid: number): Promise<boolean> {
  const program = await readlink(process.execPath).catch(() => process.execPath)
  const child = spawn(program, ['-e', `fs.accessSync(${JSON.stringify(import.meta.filename)})`], { uid, gid: uid })
  const [code] = await once(child, 'exit').catch(() => [1])
  return code === 0
}

async function giveTree(folder: string, uid: number): Promise<void> {
  const { gid } = await stat(folder)
  await chown(folder, uid, gid)
  for (const entry of await readdir(folder, { recursive: true })) await chown(join(folder, entry), uid, gid)
}

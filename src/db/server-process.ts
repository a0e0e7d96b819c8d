import { execFile, spawn } from 'node:child_process'
import { lstat, open, readFile, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { Fault } from '@jackdaw/contract/faults.ts'
import { pause } from './pause.ts'
import { type ServerPlace, shortHash } from './server-place.ts'
import type { ServerPrograms } from './server-programs.ts'
import { give, privateFolder, role, writeSettings } from './server-settings.ts'

const run = promisify(execFile)

/** A running server as its postmaster.pid describes it. */
export interface Server {
  readonly pid: number
  /** Folder of the socket. */
  readonly socket: string
}

/** The URL of a database of the server, or of the house's own. There is no password: the kernel tells who connects. */
export function serverUrl(server: Server, database: string = role): string {
  return `postgresql://${role}@localhost/${database}?host=${encodeURIComponent(server.socket)}`
}

/**
 * The live server of the cluster, if there is one. A postmaster.pid whose process is gone, or is by now some other
 * program's, is not one; the latter file is removed, because PostgreSQL itself would refuse to start over it.
 */
export async function findServer(place: ServerPlace): Promise<Server | undefined> {
  const file = join(place.cluster, 'postmaster.pid')
  const text = await readFile(file, 'utf8').catch(() => '')
  const [pidLine = '', , , , socket = ''] = text.split('\n')
  const pid = Number(pidLine)
  if (!Number.isInteger(pid) || pid <= 1) return undefined
  if (!isRunning(pid) || (await isZombie(pid))) return undefined
  if (!(await servesCluster(pid, place.cluster))) {
    await rm(file, { force: true })
    return undefined
  }
  return { pid, socket }
}

/** Connects for real and asks the server whose data it serves; waits while it is starting or recovering. */
export async function whenReady(place: ServerPlace, signal: AbortSignal): Promise<Server | undefined> {
  for (;;) {
    signal.throwIfAborted()
    const server = await findServer(place)
    if (!server) return undefined
    if (server.socket && (await answers(server, place.cluster))) return server
    await pause(15, signal)
  }
}

/** Makes a new cluster, whole or not at all. */
export async function createCluster(place: ServerPlace, programs: ServerPrograms): Promise<void> {
  const draft = `${place.cluster}.new`
  await rm(draft, { recursive: true, force: true })
  try {
    await privateFolder(draft, place.user)
    const args = [`--pgdata=${draft}`, `--username=${role}`, '--auth-local=peer', '--auth-host=reject']
    // Sorting by code point, from PostgreSQL itself: the same on every machine, and no locale need be installed.
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
    await run(programs.initdb, [...args, ...locale, '--no-instructions'], { ...place.user.switch, env, cwd: '/' })
    // An empty folder may be waiting there; a full one stops the rename.
    await rename(draft, place.cluster)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
    throw startFault(place, stderr || (error instanceof Error ? error.message : String(error)), error)
  }
}

/** Starts the server in a session of its own, where no Ctrl-C of ours reaches it, and waits until it answers. */
export async function startServer(
  place: ServerPlace,
  programs: ServerPrograms,
  settings: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Server> {
  const { cluster, user } = place
  const log = join(cluster, 'start.log')
  try {
    await writeSettings(place, await socketFolder(place), settings)
    await rm(log, { force: true })
  } catch (error) {
    throw startFault(place, error instanceof Error ? error.message : String(error), error)
  }
  const output = await open(log, 'wx', 0o600)
  await give(log, user)
  const child = spawn(programs.postgres, ['-D', cluster], {
    ...user.switch,
    detached: true,
    stdio: ['ignore', output.fd, output.fd],
    env,
    cwd: '/',
  })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', () => resolve(''))
  })
  await output.close()
  child.unref()
  let end: string | undefined
  void ended.then((message) => (end = message))
  try {
    for (;;) {
      const server = await findServer(place)
      if (server?.pid === child.pid && server?.socket && (await answers(server, cluster))) return server
      if (end !== undefined) throw startFault(place, end || (await readFile(log, 'utf8').catch(() => '')))
      await pause(5, signal)
    }
  } catch (error) {
    child.kill('SIGINT')
    throw error
  }
}

/** Fast shutdown: open transactions are rolled back, everything committed is on disk when this resolves. */
export async function stopServer(place: ServerPlace, server: Server, signal: AbortSignal): Promise<void> {
  try {
    process.kill(server.pid, 'SIGINT')
  } catch (error) {
    // Gone by itself in between.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
  // postmaster.pid goes before the process does.
  while (isRunning(server.pid) && !(await isZombie(server.pid))) await pause(5, signal)
  if (server.socket !== place.cluster) await rm(server.socket, { recursive: true, force: true })
}

// Nothing of our environment: it may hold secrets, and PG… variables would change what the server does.
const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

// Bytes that a socket's path may have: 108 with the closing NUL on Linux, 104 on macOS.
const longestSocket = 103

/** The cluster itself, which is private already; for a deep one a short folder below /tmp. */
async function socketFolder(place: ServerPlace): Promise<string> {
  if (Buffer.byteLength(join(place.cluster, '.s.PGSQL.5432.lock')) <= longestSocket) return place.cluster
  const { user } = place
  const folder = `/tmp/jackdaw-${user.uid}-${shortHash(place.cluster)}`
  const there = await lstat(folder).catch(() => undefined)
  if (!there) await privateFolder(folder, user)
  else if (!there.isDirectory() || there.uid !== user.uid || (there.mode & 0o077) !== 0) {
    throw new Error(`${folder} is not a private folder of the user ${user.name}: remove it`)
  }
  return await realpath(folder)
}

async function answers(server: Server, cluster: string): Promise<boolean> {
  const client = new Client({ connectionString: serverUrl(server, 'postgres'), connectionTimeoutMillis: 5000 })
  // A server that goes away while it answers emits this besides rejecting.
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ data_directory: string }>('show data_directory')
    return rows[0]?.data_directory === cluster
  } catch {
    // Starting, recovering or stopping; whoever asks looks again, or finds the process gone.
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** A server whose foster parent never waits for it (process 1 of many containers) stays as a zombie for ever. */
async function isZombie(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return /\) Z /.test(text)
}

/** PostgreSQL works inside its cluster; where there is no /proc, its command line names it. */
async function servesCluster(pid: number, cluster: string): Promise<boolean> {
  try {
    if (process.platform === 'linux') return (await readlink(`/proc/${pid}/cwd`)) === cluster
    return (await run('ps', ['-o', 'command=', '-p', String(pid)])).stdout.trim().endsWith(`-D ${cluster}`)
  } catch {
    // Another user's process: not the server, whose user we are or may look at. Or gone meanwhile.
    return false
  }
}

function startFault(place: ServerPlace, output: string, cause?: unknown): Fault {
  const facts = { folder: dirname(place.cluster) }
  if (/No space left on device|ENOSPC/.test(output)) return new Fault('house.disk-full', facts, { cause })
  const lines = output.trim().split('\n')
  const said = lines
    .slice(-4)
    .map((line) => line.replace(/^[-\d]+ [:.\d]+ \w+ \[\d+\] /, ''))
    .join(' ')
    .slice(-600)
  const reason = `the embedded server in ${place.cluster} did not start: ${said || 'it said nothing'}`
  return new Fault('house.database-unfit', { ...facts, reason }, { cause })
}

/** Major version of the cluster, or undefined when there is none yet. Throws when the folder holds something else. */
export async function clusterVersion(cluster: string): Promise<string | undefined> {
  const version = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => undefined)
  if (version !== undefined) return version.trim()
  const there = await stat(cluster).catch(() => undefined)
  if (there && !there.isDirectory()) {
    throw new Fault('house.database-unfit', { reason: `${cluster} is a file, not a folder` })
  }
  return undefined
}

import { execFile } from 'node:child_process'
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { pause } from './pause.ts'
import type { ServerPlace } from './server-place.ts'
import { role } from './server-settings.ts'

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
 * program's, is not one.
 */
export async function findServer(place: ServerPlace): Promise<Server | undefined> {
  const { pid, lines } = await postmasterFile(place)
  if (pid === undefined || !(await isRunning(pid)) || !(await servesCluster(pid, place.cluster))) return undefined
  return { pid, socket: lines[4] ?? '' }
}

/**
 * PostgreSQL does not start over a postmaster.pid whose number is taken: by another program, or by the zombie of a killed
 * server that nobody buries. Puts a number there that no process has. The rest of the file stays: by it PostgreSQL finds
 * out whether orphans of that server still work on the data. Call it under the house's lock, when `findServer` found none.
 */
export async function disownServer(place: ServerPlace): Promise<void> {
  const { pid, lines } = await postmasterFile(place)
  if (pid === undefined || !exists(pid)) return
  await writeFile(join(place.cluster, 'postmaster.pid'), [String(nobodysPid), ...lines.slice(1)].join('\n'))
}

/** Above the kernel's limit of 2^22. */
const nobodysPid = 999_999_999

/**
 * Waits while children of a killed server still work on the data: they leave once they notice, and until then PostgreSQL
 * refuses to start. Gives up after ten seconds, and where there is no /proc at once; then PostgreSQL says why.
 */
export async function whenOrphansGone(place: ServerPlace, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + 10_000
  while (performance.now() < deadline) {
    const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
    const found = await Promise.all(
      pids.map(async (pid) => {
        const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
        return cwd === place.cluster && /^postgres\b/.test(await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''))
      }),
    )
    if (!found.includes(true)) return
    await pause(30, signal)
  }
}

async function postmasterFile(place: ServerPlace): Promise<{ pid: number | undefined; lines: readonly string[] }> {
  const text = await readFile(join(place.cluster, 'postmaster.pid'), 'utf8').catch(() => '')
  const lines = text.split('\n')
  const pid = Number(lines[0])
  return { pid: Number.isInteger(pid) && pid > 1 ? pid : undefined, lines }
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

/** Whether a connection succeeds and the server says that these are its data. */
export async function answers(server: Server, cluster: string): Promise<boolean> {
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

/** Whether the process is there and not a mere zombie. */
export async function isRunning(pid: number): Promise<boolean> {
  return exists(pid) && !(await isZombie(pid))
}

function exists(pid: number): boolean {
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

import { execFile } from 'node:child_process'
import { readFile, readlink, rm } from 'node:fs/promises'
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
 * program's, is not one; the latter file is removed, because PostgreSQL itself would refuse to start over it.
 */
export async function findServer(place: ServerPlace): Promise<Server | undefined> {
  const file = join(place.cluster, 'postmaster.pid')
  const text = await readFile(file, 'utf8').catch(() => '')
  const [pidLine = '', , , , socket = ''] = text.split('\n')
  const pid = Number(pidLine)
  if (!Number.isInteger(pid) || pid <= 1) return undefined
  if (!(await isRunning(pid))) return undefined
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

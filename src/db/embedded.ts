import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { lchown, mkdir, readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Client } from 'pg'
import { Fault } from '@jackdaw/contract/faults.ts'
import { type FileLock, takeFileLock, tryFileLock } from './file-lock.ts'
import type { Log } from './log.ts'
import { pause } from './pause.ts'
import { type ServerPlace, serverPlace } from './server-place.ts'
import { clusterVersion, createCluster, sweepDrafts } from './server-cluster.ts'
import { disownServer, findServer, type Server, serverUrl, whenOrphansGone, whenReady } from './server-find.ts'
import { startServer, stopServer } from './server-process.ts'
import { serverPrograms } from './server-programs.ts'
import { role } from './server-settings.ts'

export interface EmbeddedDatabase extends AsyncDisposable {
  /** For `openDatabase`. Without a password: only the OS users of the house and root may connect. */
  readonly url: string
  /** Where the cluster really is. */
  readonly cluster: string
  /** Whether the server's process is there; its own or one that another house has started since. */
  isRunning(): Promise<boolean>
  /** Starts the server again, or attaches to the one that somebody else has started. Throws as `openEmbedded` does. */
  revive(signal: AbortSignal): Promise<void>
  /** Leaves the house; the last one out stops the server. Safe to repeat. */
  [Symbol.asyncDispose](): Promise<void>
}

export interface OpenEmbedded {
  /** The cluster's folder, `JACKDAW_DATA/pg`. It is made when missing, elsewhere when the server could not reach it. */
  readonly dir: string
  readonly log: Log
  /** Server settings that differ from ours, for tests. They count only for whoever starts the server. */
  readonly settings?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

// Recovery after a power cut reads at most max_wal_size (512 MB): seconds on any disk, so five minutes mean it hangs.
const openDeadlineMs = 5 * 60_000
// A fast shutdown writes at most shared_buffers (64 MB).
const stopDeadlineMs = 60_000

/**
 * Opens the embedded PostgreSQL of a data folder: makes it, starts it or attaches to it. Any number of processes may
 * do so at once, also after any of them was killed. Throws `house.database`, `house.database-unfit`,
 * `house.disk-full` or `house.absent`.
 */
export async function openEmbedded({ dir, log, settings = {}, signal }: OpenEmbedded): Promise<EmbeddedDatabase> {
  const deadline = AbortSignal.timeout(openDeadlineMs)
  const until = signal ? AbortSignal.any([signal, deadline]) : deadline
  try {
    const place = await serverPlace(resolve(dir), log)
    await mkdir(join(place.house, 'in'), { recursive: true, mode: 0o700 })
    using _ = await takeFileLock(join(place.house, 'lock'), until)
    const ours = await enter(place)
    try {
      const server = await attachOrStart(place, settings, log, until)
      await ensureDatabase(server)
      return opened(place, server, ours, settings, log)
    } catch (error) {
      await leave(ours)
      throw error
    }
  } catch (error) {
    if (signal?.aborted || !deadline.aborted) throw asPermission(error, dir)
    throw new Fault('house.database', { reason: `the embedded server in ${dir} did not answer in time` })
  }
}

function opened(
  place: ServerPlace,
  server: Server,
  ours: FileLock,
  settings: Readonly<Record<string, string>>,
  log: Log,
): EmbeddedDatabase {
  let closing: Promise<void> | undefined
  const close = async () => {
    const until = AbortSignal.timeout(stopDeadlineMs)
    using lock = await takeFileLock(join(place.house, 'lock'), until).catch(() => undefined)
    await leave(ours)
    // Whoever holds the lock for so long is starting the server or stopping it, and is in.
    if (!lock || (await anybodyIn(place))) return
    const running = await whenReady(place, until)
    if (!running) return
    await stopServer(place, running, until)
    log.debug({ cluster: place.cluster, pid: running.pid }, 'database server stopped')
  }
  return {
    url: serverUrl(server),
    cluster: place.cluster,
    isRunning: async () => (await findServer(place)) !== undefined,
    async revive(signal) {
      const until = AbortSignal.any([signal, AbortSignal.timeout(openDeadlineMs)])
      using _ = await takeFileLock(join(place.house, 'lock'), until)
      await attachOrStart(place, settings, log, until)
    },
    [Symbol.asyncDispose]: () => (closing ??= close()),
  }
}

async function attachOrStart(
  place: ServerPlace,
  settings: Readonly<Record<string, string>>,
  log: Log,
  signal: AbortSignal,
): Promise<Server> {
  const running = await whenReady(place, signal)
  if (running) {
    log.debug({ cluster: place.cluster, pid: running.pid }, 'attached to the running database server')
    return running
  }
  await sweepDrafts(place)
  const programs = await serverPrograms(place.user)
  const version = await clusterVersion(place.cluster)
  if (version === undefined) {
    await createCluster(place, programs)
    log.info({ cluster: place.cluster }, 'database cluster made')
  } else if (version !== programs.major) throw otherVersion(place.cluster, version, programs.major)
  const server = await startPatiently(place, programs, settings, signal)
  log.debug({ cluster: place.cluster, pid: server.pid }, 'database server started')
  return server
}

/**
 * A server that was killed a moment ago may still be dying, and PostgreSQL does not start beside it: tried again for as
 * long as its orphans may take. A clean start is tried once.
 */
async function startPatiently(...start: Parameters<typeof startServer>): Promise<Server> {
  const [place, , , signal] = start
  const killed = existsSync(join(place.cluster, 'postmaster.pid'))
  for (const deadline = performance.now() + 10_000; ;) {
    await whenOrphansGone(place, signal)
    await disownServer(place)
    try {
      return await startServer(...start)
    } catch (error) {
      if (!killed || signal.aborted || performance.now() > deadline) throw error
      await pause(300, signal)
    }
  }
}

function otherVersion(cluster: string, theirs: string, ours: string): Fault {
  const way =
    Number(theirs) > Number(ours)
      ? 'start it with the newer Jackdaw that made it'
      : 'export it with the Jackdaw that made it and import it here'
  const reason = `the cluster in ${cluster} was made by PostgreSQL ${theirs} and this Jackdaw brings ${ours}: ${way}, or set JACKDAW_DATABASE_URL`
  return new Fault('house.database-unfit', { reason, cluster: theirs, server: ours })
}

async function ensureDatabase(server: Server): Promise<void> {
  const client = new Client({ connectionString: serverUrl(server, 'postgres') })
  await client.connect()
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [role])
    if (rowCount === 0) await client.query(`create database ${role}`)
  } finally {
    await client.end()
  }
}

/** Being in means holding a lock on a file of one's own: a house that was killed is out at that moment. */
async function enter(place: ServerPlace): Promise<FileLock> {
  const path = join(place.house, 'in', `${process.pid}-${randomBytes(4).toString('hex')}`)
  const lock = tryFileLock(path)
  if (!lock) throw new Error(`somebody else holds ${path}`)
  if (place.user.switch.uid !== undefined) await lchown(path, place.user.uid, place.user.gid)
  return lock
}

async function leave(ours: FileLock): Promise<void> {
  ours[Symbol.dispose]()
  await rm(ours.path, { force: true })
}

/** Called under the house's lock, so nobody enters meanwhile. Sweeps out what killed houses left. */
async function anybodyIn(place: ServerPlace): Promise<boolean> {
  let found = false
  for (const name of await readdir(join(place.house, 'in'))) {
    const path = join(place.house, 'in', name)
    const left = tryFileLock(path)
    if (!left) found = true
    else await leave(left)
  }
  return found
}

/** Somebody else's data folder: say so instead of EACCES. */
function asPermission(error: unknown, dir: string): unknown {
  if (error instanceof Fault || !(error instanceof Error)) return error
  const code = 'code' in error ? error.code : undefined
  const sqlite = 'errcode' in error ? error.errcode : undefined
  // SQLITE_PERM, SQLITE_READONLY, SQLITE_CANTOPEN
  if (code === 'EACCES' || code === 'EPERM' || [3, 8, 14].includes(Number(sqlite))) {
    const reason = `the database folder ${dir} belongs to another user: start Jackdaw as that user or as root`
    return new Fault('house.database-unfit', { reason }, { cause: error })
  }
  if (code === 'ENOSPC') return new Fault('house.disk-full', { folder: dir }, { cause: error })
  return error
}

import { spawn } from 'node:child_process'
import { lstat, open, readFile, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pause } from './pause.ts'
import { env, startFault } from './server-cluster.ts'
import { answers, findServer, isRunning, type Server, whenReady } from './server-find.ts'
import { type ServerPlace, shortHash } from './server-place.ts'
import type { ServerPrograms } from './server-programs.ts'
import { give, privateFolder, writeSettings } from './server-settings.ts'

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
      // A house that was killed right after its start may have been a moment earlier.
      const other = end === undefined ? undefined : await whenReady(place, signal)
      if (other) return other
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
  while (await isRunning(server.pid)) await pause(5, signal)
  if (server.socket !== place.cluster) await rm(server.socket, { recursive: true, force: true })
}

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

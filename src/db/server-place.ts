import { createHash, randomBytes } from 'node:crypto'
import { execFile } from 'node:child_process'
import { link, mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Log } from './log.ts'
import { type ServerUser, serverUser } from './server-user.ts'

const run = promisify(execFile)

/** Where clusters and server programs go that cannot stay where they are. Only root ever needs it. */
export const elsewhere = '/var/lib/jackdaw'

export interface ServerPlace {
  /** The cluster (PGDATA), absolute and without symbolic links. It may not exist yet; its parent does. */
  readonly cluster: string
  /** Beside the cluster: our lock and who is in. */
  readonly house: string
  readonly user: ServerUser
}

/**
 * Finds where the cluster of `dir` is or should be, and whose it is. When the server's user cannot reach `dir`, the
 * cluster lives below `/var/lib/jackdaw`; a text beside `dir` says where and why, and is what later starts go by.
 */
export async function serverPlace(dir: string, log: Log): Promise<ServerPlace> {
  await mkdir(dirname(dir), { recursive: true })
  const wanted = join(await realpath(dirname(dir)), dir.slice(dirname(dir).length + 1))
  const note = `${wanted}-location.txt`
  const moved = await readFile(note, 'utf8').catch(absentIsUndefined)
  if (moved !== undefined) return placeAt(moved.split('\n', 1)[0] ?? '')

  const here = await placeAt(wanted)
  if (await canEnter(dirname(wanted), here.user)) return here
  if (await stat(join(wanted, 'PG_VERSION')).catch(absentIsUndefined)) {
    throw new Fault('house.database-unfit', {
      reason: `the user ${here.user.name}, which runs the database, cannot reach the cluster in ${wanted}: let others pass through the folders above it (chmod o+x) or move it`,
    })
  }
  const target = join(elsewhere, `${shortHash(wanted)}-${randomBytes(3).toString('hex')}`, 'pg')
  const chosen = (await writeOnce(note, explanation(target, wanted, here.user.name))).split('\n', 1)[0] ?? ''
  log.info({ cluster: chosen, wanted, user: here.user.name }, 'database placed where its user can reach it')
  return placeAt(chosen)
}

/** Twelve hex digits that stand for a path. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

async function placeAt(cluster: string): Promise<ServerPlace> {
  await mkdir(dirname(cluster), { recursive: true })
  return { cluster, house: `${cluster}.house`, user: await serverUser(cluster) }
}

/** Asked of the kernel as that user, so that access lists and mount options count too. */
async function canEnter(folder: string, user: ServerUser): Promise<boolean> {
  if (user.switch.uid === undefined) return true
  try {
    await run('/bin/sh', ['-c', 'test -x "$1"', 'sh', folder], { ...user.switch, cwd: '/' })
    return true
  } catch {
    // `test` says no by its exit code.
    return false
  }
}

/** Writes the file unless somebody else was first, and answers what it says. */
async function writeOnce(path: string, text: string): Promise<string> {
  const draft = `${path}.${process.pid}`
  await writeFile(draft, text)
  try {
    await link(draft, path)
    return text
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    return await readFile(path, 'utf8')
  } finally {
    await rm(draft, { force: true })
  }
}

function explanation(target: string, wanted: string, user: string): string {
  return `${target}

The line above is where the database of this data folder lives.
Jackdaw runs as root here, PostgreSQL refuses to, and the user "${user}" that runs it cannot reach
${wanted}. Back that folder up together with this one. To bring it here: stop
Jackdaw, let others pass through the folders above (chmod o+x), move it to the path above and remove this text.
`
}

function absentIsUndefined(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}

import { chmod, lchown, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServerPlace } from './server-place.ts'
import type { ServerUser } from './server-user.ts'

/** The one database role and the one database of a house. */
export const role = 'jackdaw'

/** For a small house: one machine, tens of connections, little memory, nothing lost on a power cut. */
const settings: Readonly<Record<string, string>> = {
  // Nobody from the network; on the socket the kernel says who is there, so that no password exists that could leak.
  listen_addresses: '',
  port: '5432',
  unix_socket_permissions: '0700',
  max_connections: '100',
  shared_buffers: '64MB',
  effective_cache_size: '512MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  // Parallel plans need room in /dev/shm, of which a container has 64 MB, and two cores gain little from them.
  max_parallel_workers_per_gather: '0',
  // Reads through the kernel's cache; saves the three worker processes of PostgreSQL 18.
  io_method: 'sync',
  jit: 'off',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '512MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // One file per weekday, begun anew after a week. Statements and their values can hold secrets: they are not logged.
  logging_collector: 'on',
  log_directory: 'log',
  log_filename: 'postgresql-%a.log',
  log_rotation_age: '1d',
  log_rotation_size: '0',
  log_truncate_on_rotation: 'on',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  log_statement: 'none',
}

/**
 * Where the server keeps what its processes share: /dev/shm as everywhere, or files in the cluster where there is none for
 * all users (a chroot, an odd container), which is slower for what little lies there.
 */
export async function sharedMemory(folder = '/dev/shm', platform = process.platform): Promise<'posix' | 'mmap'> {
  if (platform !== 'linux') return 'posix'
  const there = await stat(folder).catch(() => undefined)
  return there && (there.mode & 0o002) !== 0 ? 'posix' : 'mmap'
}

/** Written anew before each start, so that they follow the code, the user and the place of the cluster. */
export async function writeSettings(
  place: ServerPlace,
  socket: string,
  extra: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { cluster, user } = place
  const shared = { dynamic_shared_memory_type: await sharedMemory() }
  const lines = Object.entries({ ...settings, ...shared, unix_socket_directories: socket, ...extra })
  await writeFor(
    user,
    join(cluster, 'postgresql.conf'),
    `# Written by Jackdaw at each start. Your own settings belong into local.conf beside this file.
${lines.map(([key, value]) => `${key} = ${quote(value)}`).join('\n')}
include_if_exists 'local.conf'
`,
  )
  await writeFor(user, join(cluster, 'pg_hba.conf'), `local all ${role} peer map=house\n`)
  const names = new Set(['root', user.name])
  await writeFor(
    user,
    join(cluster, 'pg_ident.conf'),
    [...names].map((name) => `house "${name.replaceAll('"', '""')}" ${role}\n`).join(''),
  )
}

/** A folder of the server's user that nobody else can look into. */
export async function privateFolder(path: string, user: ServerUser): Promise<void> {
  await mkdir(path, { mode: 0o700 })
  await chmod(path, 0o700)
  await give(path, user)
}

/** Hands a file or folder that root made to the server's user; never follows a link that this user may have put there. */
export async function give(path: string, user: ServerUser): Promise<void> {
  if (user.switch.uid !== undefined) await lchown(path, user.uid, user.gid)
}

async function writeFor(user: ServerUser, path: string, text: string): Promise<void> {
  // Never half a file: a full disk must not leave a cluster that cannot start.
  const draft = `${path}.new`
  // Removed and made exclusively: root must not write through a link in a folder that is not its own.
  await rm(draft, { force: true })
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' })
  await give(draft, user)
  await rename(draft, path)
}

function quote(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

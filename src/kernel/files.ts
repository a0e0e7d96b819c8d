import { constants, createReadStream, createWriteStream } from 'node:fs'
import { chmod, copyFile, link, mkdir, open, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { errno } from './file-faults.ts'
import { newId } from './ids.ts'

// Errors of the file system are thrown as they are: the caller knows whose folder it was and translates them.

export interface CopyHow {
  readonly signal?: AbortSignal | undefined
  /** Called with the bytes of each piece that was written. */
  readonly onBytes?: ((bytes: number) => void) | undefined
}

/** Before umask: everybody may read what was delivered, its owner may change it. */
const fileMode = 0o644
const chunkBytes = 1024 * 1024

/**
 * Copies into a file that must not exist yet: as a clone of the same blocks where the file system can (btrfs, xfs), byte
 * by byte otherwise. The copy is on disk afterwards (fsync) and has mode 0644 within umask. After an error or an abort
 * nothing is left of it.
 */
export async function copyInto(from: string, to: string, how: CopyHow = {}): Promise<void> {
  try {
    if (!(await cloned(from, to))) await copied(from, to, how)
    await chmod(to, fileMode & ~process.umask())
    await syncPath(to)
  } catch (thrown) {
    if (errno(thrown) !== 'EEXIST') await rm(to, { force: true })
    throw thrown
  }
}

/**
 * Puts the bytes of a file under a second name that must not exist yet: as a hard link when the file has no other name,
 * as a copy otherwise. A file that somebody may edit must not share its inode with one that is kept by its digest; who
 * links second sees more than two names and takes the copy, so that two at once cannot both link.
 */
export async function hardlinkOrCopy(from: string, to: string, how: CopyHow = {}): Promise<'linked' | 'copied'> {
  if ((await stat(from)).nlink === 1 && (await linked(from, to))) {
    if ((await stat(to)).nlink === 2) {
      await chmod(to, fileMode & ~process.umask())
      await syncPath(to)
      return 'linked'
    }
    await rm(to, { force: true })
  }
  await copyInto(from, to, how)
  return 'copied'
}

/**
 * Gives a finished file its final name in one stroke, never over a file that is there: `false` says that the name is
 * taken, and `from` stays. Both must be on one file system. Where hard links do not exist (exFAT, some network folders)
 * the name is claimed by an empty file first; `onClaim` is awaited before, for a kill between the two leaves that file.
 */
export async function publish(from: string, to: string, onClaim?: () => Promise<void>): Promise<boolean> {
  try {
    await link(from, to)
    await rm(from)
  } catch (thrown) {
    if (errno(thrown) === 'EEXIST') return false
    if (!noLinks.has(errno(thrown) ?? '')) throw thrown
    await onClaim?.()
    if (!(await claimed(to))) return false
    await rename(from, to)
  }
  await syncPath(dirname(to))
  return true
}

/** Gives a finished file its final name, in place of whatever file has it, in one stroke. */
export async function supersede(from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncPath(dirname(to))
}

/**
 * Moves a file, over whatever file is there. To another file system it goes by a copy named `temporary`, which must be
 * in the target's folder, so that a half file never has the final name.
 */
export async function moveOrCopy(from: string, to: string, temporary: string, how: CopyHow = {}): Promise<void> {
  try {
    await rename(from, to)
  } catch (thrown) {
    if (errno(thrown) !== 'EXDEV') throw thrown
    await rm(temporary, { force: true })
    await copyInto(from, temporary, how)
    await rename(temporary, to)
    await rm(from)
  }
  await syncPath(dirname(to))
}

/** Makes a folder and those above it, and has their names on disk: a folder that a crash forgets takes its files with it. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) return
  for (let at = folder; at.length >= first.length && at !== dirname(at); at = dirname(at)) await syncPath(dirname(at))
}

/**
 * Writes a small file unless it is there already, and answers what is in it then. Whole from its first moment; of several
 * processes that do so at once, all get the same.
 */
export async function writeOnce(
  path: string,
  content: Uint8Array | string,
  how: { mode?: number } = {},
): Promise<Buffer> {
  const there = await readFile(path).catch(absent)
  if (there) return there
  await makeFolder(dirname(path))
  const temporary = `${path}.${newId()}`
  try {
    await writeFile(temporary, content, { flag: 'wx', mode: how.mode ?? 0o644, flush: true })
    // A hard link, unlike a rename, fails when somebody was faster.
    await link(temporary, path).catch((thrown: unknown) => {
      if (errno(thrown) !== 'EEXIST') throw thrown
    })
    await syncPath(dirname(path))
  } finally {
    await rm(temporary, { force: true })
  }
  return await readFile(path)
}

function absent(thrown: unknown): undefined {
  if (errno(thrown) !== 'ENOENT') throw thrown
}

/** Has a file's bytes, or a folder's names, written to disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY)
  try {
    await handle.sync()
  } catch (thrown) {
    // Some network and FUSE folders cannot be synced; there is nothing better to do than to go on.
    if (errno(thrown) !== 'EINVAL' && errno(thrown) !== 'ENOTSUP') throw thrown
  } finally {
    await handle.close()
  }
}

/** Bytes that an ordinary user may still write where `path` is. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}

/** What `link` answers where there are no hard links, or where the kernel does not let us link another user's file. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES'])
/** What a clone answers where it cannot be had. */
const noClones = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOTTY', 'EXDEV', 'EINVAL', 'EPERM', 'EBADF'])

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (thrown) {
    const code = errno(thrown) ?? ''
    if (code === 'EXDEV' || noLinks.has(code)) return false
    throw thrown
  }
}

async function cloned(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE)
    return true
  } catch (thrown) {
    if (!noClones.has(errno(thrown) ?? '')) throw thrown
    // libuv removes what it has opened; where it could not, the copy would find its name taken by ourselves.
    return false
  }
}

async function copied(from: string, to: string, how: CopyHow): Promise<void> {
  const count = new Transform({
    highWaterMark: chunkBytes,
    transform(chunk: Uint8Array, _encoding, next) {
      how.onBytes?.(chunk.byteLength)
      next(null, chunk)
    },
  })
  await pipeline(
    createReadStream(from, { highWaterMark: chunkBytes }),
    count,
    createWriteStream(to, { flags: 'wx', mode: fileMode, highWaterMark: chunkBytes }),
    { ...(how.signal && { signal: how.signal }) },
  )
}

async function claimed(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', fileMode)).close()
    return true
  } catch (thrown) {
    if (errno(thrown) === 'EEXIST') return false
    throw thrown
  }
}

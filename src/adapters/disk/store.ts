import { opendir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault } from '@jackdaw/contract/faults.ts'
import { digestFile } from '#kernel/digest.ts'
import { errno, writing } from '#kernel/file-faults.ts'
import { hardlinkOrCopy, makeFolder, syncPath } from '#kernel/files.ts'
import { newId } from '#kernel/ids.ts'
import type { PutHow, Store, StoredBytes } from '#pipeline/store.ts'

/**
 * The store on a local disk: `root/ab/cd/<sha256>`. A file is named by its digest only once it is whole and on disk, so
 * a kill leaves at most a name that ends in `.part`, which `list` clears away after a day.
 */
export function diskStore(root: string): Store {
  const path = (sha256: string): string => {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Fault('input.invalid', { reason: 'not a SHA-256 digest' })
    return join(root, sha256.slice(0, 2), sha256.slice(2, 4), sha256)
  }
  return {
    path,
    put: (localPath, sha256, how = {}) =>
      writing(path(sha256), 'house', () => put(localPath, path(sha256), sha256, how)),
    has: async (sha256) => (await sizeOf(path(sha256))) !== undefined,
    remove: (sha256) => writing(path(sha256), 'house', () => rm(path(sha256), { force: true })),
    list: () => list(root),
    async verify(sha256, how = {}) {
      try {
        return (await digestFile(path(sha256), how)) === sha256 ? 'sound' : 'damaged'
      } catch (thrown) {
        if (errno(thrown) === 'ENOENT') return 'missing'
        // What the disk cannot read back is lost just the same.
        if (errno(thrown) === 'EIO') return 'damaged'
        throw thrown
      }
    },
  }
}

async function put(from: string, to: string, sha256: string, how: PutHow): Promise<string> {
  const bytes = await sizeOf(from)
  if (bytes === undefined) throw new Fault('house.bug', { reason: 'the file to keep is gone', path: from })
  // A damaged file keeps its length more often than not; that is what `verify` is for. A short one is put anew.
  if ((await sizeOf(to)) === bytes) return to
  await makeFolder(dirname(to))
  const temporary = `${to}.${newId()}.part`
  try {
    const way = await hardlinkOrCopy(from, temporary, { signal: how.signal })
    const known = way === 'linked' && how.trusted === true
    if (!known && (await digestFile(temporary, { signal: how.signal })) !== sha256) {
      throw new Fault('source.changed', { reason: 'the file does not have the digest it was announced with' })
    }
    // Over an equal file that another process put meanwhile: same bytes, so whoever is last changes nothing.
    await rename(temporary, to)
    await syncPath(dirname(to))
  } finally {
    await rm(temporary, { force: true })
  }
  return to
}

async function* list(root: string): AsyncGenerator<StoredBytes> {
  for await (const path of files(root, 2)) {
    const found = await stat(path).catch(() => undefined)
    if (found === undefined) continue
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (/^[0-9a-f]{64}$/.test(name)) yield { sha256: name, bytes: found.size, at: found.ctimeMs }
    else if (name.endsWith('.part') && Date.now() - found.ctimeMs > leftoverMs) await rm(path, { force: true })
  }
}

/** No copy takes a day: an unfinished file older than that belongs to nobody. */
const leftoverMs = 24 * 60 * 60 * 1000

async function* files(folder: string, depth: number): AsyncGenerator<string> {
  let entries
  try {
    entries = await opendir(folder)
  } catch (thrown) {
    if (errno(thrown) === 'ENOENT') return
    throw thrown
  }
  for await (const entry of entries) {
    const path = join(folder, entry.name)
    if (depth > 0 && entry.isDirectory()) yield* files(path, depth - 1)
    else if (depth === 0 && entry.isFile()) yield path
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path)
    return found.isFile() ? found.size : undefined
  } catch (thrown) {
    if (errno(thrown) === 'ENOENT') return undefined
    throw thrown
  }
}

import { Fault } from '@jackdaw/contract/faults.ts'

/** Whose folder it was: ours (store, scratch) or one that a person named. */
export type Owner = 'house' | 'destination'

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a file stands where a folder is needed',
  EISDIR: 'a folder stands where a file is needed',
  EEXIST: 'a file stands where a folder is needed',
  ENOENT: 'the folder is gone',
  ENAMETOOLONG: 'the name is too long for this file system',
  EINVAL: 'this file system does not take the name',
  EILSEQ: 'this file system does not take the name',
  ELOOP: 'too many symbolic links',
  EIO: 'the disk reports an error',
  ESTALE: 'the network folder has gone away',
}

/**
 * What an error of the file system means when writing to `path`: `house.disk-full` or `destination.full` without space,
 * `house.unwritable` or `destination.unwritable` when the place does not take it. Everything else (a fault, an abort, a bug) comes back as it is.
 */
export function fileFault(thrown: unknown, path: string, owner: Owner): unknown {
  const code = errno(thrown)
  if (code === undefined) return thrown
  if (full.has(code))
    return new Fault(owner === 'house' ? 'house.disk-full' : 'destination.full', { path }, { cause: thrown })
  const reason = reasons[code]
  if (reason === undefined) return thrown
  return new Fault(
    owner === 'house' ? 'house.unwritable' : 'destination.unwritable',
    { path, reason },
    { cause: thrown },
  )
}

/** Runs `work` and translates its errors by `fileFault`. */
export async function writing<T>(path: string, owner: Owner, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw fileFault(thrown, path, owner)
  }
}

/** The code of an error of the operating system (`ENOENT`), if it is one. */
export function errno(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'string') return undefined
  return 'errno' in thrown ? thrown.code : undefined
}

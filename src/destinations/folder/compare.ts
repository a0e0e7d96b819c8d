import { lstat } from 'node:fs/promises'
import { digestFile } from '#kernel/digest.ts'
import { errno } from '#kernel/file-faults.ts'
import type { LocalAsset } from '#pipeline/engine.ts'

/**
 * What is under a name: nothing, the bytes of the asset, or something else (also a folder, and a symbolic link, whose
 * target is not ours to judge). A file of another length is not read.
 */
export async function compare(
  path: string,
  asset: Pick<LocalAsset, 'bytes' | 'sha256'>,
  signal: AbortSignal,
): Promise<'free' | 'same' | 'different'> {
  const found = await lstat(path).catch((thrown: unknown) => {
    if (errno(thrown) === 'ENOENT') return undefined
    throw thrown
  })
  if (found === undefined) return 'free'
  if (!found.isFile() || found.size !== asset.bytes) return 'different'
  try {
    return (await digestFile(path, { signal })) === asset.sha256 ? 'same' : 'different'
  } catch (thrown) {
    // It went away meanwhile, or we may not read it: then it is not ours to replace by mistake.
    if (errno(thrown) === 'ENOENT') return 'free'
    if (errno(thrown) === 'EACCES') return 'different'
    throw thrown
  }
}

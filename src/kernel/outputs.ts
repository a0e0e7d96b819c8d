import { rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Where an output of a step goes: a plain name in its scratch folder. Names hold the id of an asset, so none meet. */
export type Place = (name: string) => string

/**
 * Does work that writes files into a scratch folder. When it fails or is aborted, whatever it asked a place for is removed,
 * so that no half file is left for anybody. `run.dir` is not touched before the first place is asked for.
 */
export async function withOutputs<T>(
  run: { readonly dir: string; readonly signal: AbortSignal },
  work: (at: Place) => Promise<T>,
): Promise<T> {
  run.signal.throwIfAborted()
  const paths = new Set<string>()
  const at = (name: string) => {
    const path = join(run.dir, name)
    paths.add(path)
    return path
  }
  try {
    return await work(at)
  } catch (thrown) {
    await Promise.all([...paths].map((path) => rm(path, { recursive: true, force: true })))
    throw thrown
  }
}

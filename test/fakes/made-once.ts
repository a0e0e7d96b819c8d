import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, cp, mkdir, rename, rm } from 'node:fs/promises'
import { extname, join } from 'node:path'

/**
 * Where the runner keeps samples for the whole run: making one costs a start of ffmpeg and an encode, a copy nothing. Absent
 * when a test file runs by itself; then each is made where it is wanted.
 */
const variable = 'JACKDAW_TEST_SAMPLES'

export function shareSamples(dir: string): void {
  process.env[variable] = dir
}

/** A file at `path`: made by `make`, or a copy of what was made by the same recipe before. */
export async function fileOnce(recipe: unknown, path: string, make: (path: string) => Promise<unknown>): Promise<void> {
  const kept = await once([extname(path), recipe], extname(path), make)
  if (kept === undefined) await make(path)
  else await copyFile(kept, path)
}

/** The same for all that `make` puts into a folder. */
export async function folderOnce(recipe: unknown, dir: string, make: (dir: string) => Promise<unknown>): Promise<void> {
  const kept = await once(recipe, '', async (path) => {
    await mkdir(path)
    await make(path)
  })
  if (kept === undefined) await make(dir)
  else await cp(kept, dir, { recursive: true })
}

async function once(
  recipe: unknown,
  extension: string,
  make: (path: string) => Promise<unknown>,
): Promise<string | undefined> {
  const shared = process.env[variable]
  if (!shared) return undefined
  const name = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 32)
  const kept = join(shared, name + extension)
  if (existsSync(kept)) return kept
  const own = join(shared, `${randomUUID()}${extension}`)
  await make(own)
  try {
    await rename(own, kept)
  } catch (thrown) {
    // Another test file was quicker with the same folder.
    if (!existsSync(kept)) throw thrown
    await rm(own, { recursive: true, force: true })
  }
  return kept
}

import { randomBytes } from 'node:crypto'
import { chmod, link, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** What a running server leaves in the data folder for the command line. */
export const ServerPlace = z.object({
  url: z.string(),
  token: z.string(),
  pid: z.number().int(),
  startedAt: z.string(),
})
export type ServerPlace = z.infer<typeof ServerPlace>

/** The owner's token: DATA/token, made at the first start, mode 0600. Safe when two processes start at once. */
export async function ownerToken(data: string): Promise<string> {
  const path = join(data, 'token')
  const draft = join(data, `token.${process.pid}.${randomBytes(4).toString('hex')}`)
  const given = await readToken(path)
  if (given !== undefined) return given
  try {
    await writePrivate(draft, `${randomBytes(32).toString('base64url')}\n`)
    // A hard link, unlike a rename, fails when another process was faster.
    await linkUnlessThere(draft, path)
  } finally {
    await rm(draft, { force: true })
  }
  const made = await readToken(path)
  if (made === undefined) throw new Error(`${path} is empty: remove it`)
  return made
}

/** Writes DATA/server.json, mode 0600; disposing removes it if it is still ours. */
export async function announceServer(data: string, place: ServerPlace): Promise<AsyncDisposable> {
  const path = join(data, 'server.json')
  const draft = `${path}.${place.pid}`
  await writePrivate(draft, `${JSON.stringify(place)}\n`)
  await rename(draft, path)
  return {
    async [Symbol.asyncDispose]() {
      const there = await findServer(data)
      if (there?.pid === place.pid && there.startedAt === place.startedAt) await rm(path, { force: true })
    },
  }
}

/** The server that announced itself in this data folder; it may have been killed since. */
export async function findServer(data: string): Promise<ServerPlace | undefined> {
  const text = await readIfThere(join(data, 'server.json'))
  if (text === undefined) return undefined
  try {
    return ServerPlace.safeParse(JSON.parse(text)).data
  } catch (error) {
    // Half of a file, from a disk that was full.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

async function readToken(path: string): Promise<string | undefined> {
  const text = (await readIfThere(path))?.trim()
  if (text === undefined || text === '') return undefined
  // Restored from a backup or written by hand, it may be open to others.
  await chmod(path, 0o600)
  return text
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

async function linkUnlessThere(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error
  }
}

async function writePrivate(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w', 0o600)
  try {
    await writeFile(handle, text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

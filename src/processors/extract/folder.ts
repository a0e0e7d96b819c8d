import { chmod, lstat, mkdir, opendir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** A regular file that was unpacked. */
export interface Unpacked {
  /** As in the archive, by slashes; never used as a path. */
  readonly name: string
  readonly path: string
  readonly bytes: number
}

/** Files and bytes that lie in a folder. What vanishes meanwhile is not counted. */
export async function measure(folder: string): Promise<{ entries: number; bytes: number; largest: number }> {
  const sum = { entries: 0, bytes: 0, largest: 0 }
  for await (const { bytes } of walk(Buffer.from(folder), Buffer.alloc(0))) {
    sum.entries++
    sum.bytes += bytes
    sum.largest = Math.max(sum.largest, bytes)
  }
  return sum
}

/**
 * Takes the regular files out of a folder into `to` under names of ours, in order of their own, without any of their
 * rights, and removes the folder. Links, devices and pipes go with it, and so does what has a second name: it may be a
 * file of somebody else.
 */
export async function collect(folder: string, to: string): Promise<readonly Unpacked[]> {
  await mkdir(to, { recursive: true })
  const found: { name: string; path: Buffer; bytes: number }[] = []
  for await (const { path, name, bytes, isFile } of walk(Buffer.from(folder), Buffer.alloc(0), { open: true })) {
    if (isFile) found.push({ name: name.toString('utf8'), path, bytes })
  }
  const sorted = found.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const files: Unpacked[] = []
  for (const [index, { name, path, bytes }] of sorted.entries()) {
    const place = join(to, String(index))
    await rename(path, place)
    await chmod(place, 0o644)
    files.push({ name, path: place, bytes })
  }
  await rm(folder, { recursive: true, force: true })
  return files
}

interface Found {
  readonly path: Buffer
  readonly name: Buffer
  readonly bytes: number
  readonly isFile: boolean
}

const slash = Buffer.from('/')

/** Everything below a folder but the folders; follows no link. Names are bytes: not all of them are text. */
async function* walk(folder: Buffer, under: Buffer, how: { open?: true } = {}): AsyncGenerator<Found> {
  // An archive may forbid its own folders to everybody.
  if (how.open === true) await chmod(folder, 0o700)
  const entries = await opendir(folder, { encoding: 'buffer' as BufferEncoding }).catch(() => undefined)
  if (entries === undefined) return
  for await (const { name: raw } of entries) {
    // Typed as text, though bytes were asked for.
    const own = Buffer.from(raw)
    const path = Buffer.concat([folder, slash, own])
    const name = under.length === 0 ? own : Buffer.concat([under, slash, own])
    const stats = await lstat(path).catch(() => undefined)
    if (stats === undefined) continue
    if (stats.isDirectory()) yield* walk(path, name, how)
    else yield { path, name, bytes: stats.size, isFile: stats.isFile() && stats.nlink === 1 }
  }
}

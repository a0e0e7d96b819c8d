import { mkdir, open, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@jackdaw/contract/faults.ts'
import { digestFile } from '#kernel/digest.ts'
import { sniffFile } from '#kernel/sniff.ts'
import type { Run } from '#pipeline/engine.ts'
import { unsafe } from './faults.ts'
import { collect, type Unpacked } from './folder.ts'
import { throughLink, tooMuch, unsafeEntry, type Entry, type Limits, type Spent } from './judge.ts'
import { archivesIn, isPacked, type ArchiveSet } from './parts.ts'
import * as seven from './sevenzip.ts'
import * as unar from './unar.ts'
import { refuseFull, type Unpacking } from './watch.ts'

export interface UnpackHow {
  readonly nested: boolean
  readonly password: string | undefined
  readonly limits: Limits
  /** Grows with each archive. */
  readonly spent: Spent
  readonly run: Run<unknown>
  /** Folder for everything. */
  readonly base: string
  /** SHA-256 of the archives that this one lies in, from the outermost. */
  readonly around?: readonly string[]
}

/** Archives in archives: past that somebody builds a labyrinth. */
const deepest = 3

/** Unpacks one archive, and those in it when asked to. The files lie in `base` under names of ours. */
export async function unpackSet(set: ArchiveSet, how: UnpackHow): Promise<readonly Unpacked[]> {
  const { run, limits, spent } = how
  run.signal.throwIfAborted()
  const { name, missing } = set
  if (missing !== undefined) throw new Fault('process.broken', { name, reason: `the part ${missing} is missing` })
  const places = set.parts.map(({ as }) => as)
  const twice = set.parts.find(({ as }, at) => places.indexOf(as) < at)
  if (twice !== undefined)
    throw new Fault('process.broken', { name, reason: `the part ${twice.file.name} is there twice` })
  const packed = set.parts.reduce((sum, { file }) => sum + file.bytes, 0)
  const unpacking: Unpacking = { name, packed, limits, spent, run }
  // It grows with every archive, so no two meet, be they called alike or not.
  const work = join(how.base, String(spent.entries))
  const opened = { path: await stage(set, work), kind: set.kind, isSplit: set.isSplit, password: how.password }
  const files = await fromArchive(set, opened, work, unpacking).catch((thrown: unknown) => {
    throw severed(thrown, set)
  })
  spent.entries += Math.max(1, files.length)
  spent.bytes += files.reduce((sum, { bytes }) => sum + bytes, 0)
  return how.nested ? await unpackNested(files, how, set) : files
}

/** Links under the names by which programs find one part beside another. The names of people never come near a program. */
async function stage(set: ArchiveSet, work: string): Promise<string> {
  const folder = join(work, 'in')
  await mkdir(folder, { recursive: true })
  for (const { file, as } of set.parts) await symlink(file.path, join(folder, as))
  return join(folder, set.open)
}

const streams = new Set(['gzip', 'bzip2', 'xz', 'zstd'])

async function fromArchive(
  set: ArchiveSet,
  opened: seven.Opened,
  work: string,
  unpacking: Unpacking,
): Promise<readonly Unpacked[]> {
  const to = join(work, 'files')
  if (streams.has(opened.kind)) {
    const path = join(work, 'stream')
    await seven.unpackStream(opened, path, unpacking)
    const { bytes, isTar } = await look(path)
    if (!isTar) return [{ name: lastOf(set.stem), path, bytes }]
    const files = await fromTool({ ...opened, path, kind: 'tar', isSplit: false }, work, to, unpacking)
    await rm(path)
    return files
  }
  if (opened.kind === 'rar' && !(await seven.readsRar(unpacking.run)))
    return await fromUnar(opened, work, to, unpacking)
  return await fromTool(opened, work, to, unpacking)
}

async function fromTool(opened: seven.Opened, work: string, to: string, unpacking: Unpacking) {
  const entries = await seven.list(opened, unpacking)
  if (opened.password === undefined && entries.some(({ isEncrypted }) => isEncrypted)) {
    throw new Fault('process.password', { name: unpacking.name })
  }
  const out = join(work, 'out')
  await judge(entries, out, unpacking)
  await mkdir(out)
  const files = entries.filter(({ kind }) => kind === 'file')
  let only: string | undefined
  if (entries.some(({ kind }) => kind === 'link' || kind === 'other')) {
    // Links are not even made: some versions of 7zz could be led out by one.
    only = join(work, 'only')
    await writeFile(only, files.map(({ path }) => `${path}\n`).join(''))
    unpacking.run.log({ links: entries.length - files.length }, 'links and devices of an archive were left out')
  }
  if (files.length > 0) await seven.unpack(opened, out, { only }, unpacking)
  return await collect(out, to)
}

async function fromUnar(opened: seven.Opened, work: string, to: string, unpacking: Unpacking) {
  const entries = await unar.list(opened.path, unpacking)
  if (entries.some(({ isEncrypted, bytes }) => isEncrypted && bytes !== 0)) throw unar.encrypted()
  const out = join(work, 'out')
  await judge(entries, out, unpacking)
  await mkdir(out)
  const files = entries.filter(({ kind }) => kind === 'file')
  const hasOthers = entries.some(({ kind }) => kind === 'link' || kind === 'other')
  const only = hasOthers ? files.map(({ index }) => index) : undefined
  if (files.length > 0) await unar.unpack(opened.path, out, { only }, unpacking)
  return await collect(out, to)
}

/** Throws `process.unsafe` by what the archive says of itself, `house.disk-full` when that does not fit. */
async function judge(entries: readonly Entry[], out: string, unpacking: Unpacking): Promise<void> {
  const { name, limits, spent } = unpacking
  if (spent.entries + entries.length > limits.entries) throw unsafe(name, `it has more than ${limits.entries} entries`)
  const bytes = entries.reduce((sum, entry) => sum + (entry.bytes ?? 0), 0)
  const reason =
    tooMuch(bytes, unpacking) ??
    entries.map((entry) => unsafeEntry(entry, limits)).find((one) => one !== undefined) ??
    throughLink(entries)
  if (reason !== undefined) throw unsafe(name, reason)
  await refuseFull(bytes, join(out, '..'))
}

async function unpackNested(files: readonly Unpacked[], how: UnpackHow, set: ArchiveSet): Promise<readonly Unpacked[]> {
  const typed = await Promise.all(files.map(async (file) => ({ ...file, type: await sniffFile(file.path, file.name) })))
  const inner = archivesIn(typed.filter(isPacked))
  if (inner.length === 0) return files
  const around = [...(how.around ?? []), await digestFile(set.parts[0]?.file.path ?? '', { signal: how.run.signal })]
  const used = new Set<string>()
  const found: Unpacked[] = []
  for (const one of inner) {
    const name = `${set.name} › ${one.name}`
    const first = one.parts[0]?.file
    if (first !== undefined && around.includes(await digestFile(first.path, { signal: how.run.signal }))) {
      throw unsafe(name, 'it holds itself, again and again')
    }
    if (around.length >= deepest) throw unsafe(name, `it lies in ${deepest} archives; deeper ones are not opened`)
    const unpacked = await unpackSet({ ...one, name }, { ...how, around })
    found.push(...unpacked.map((file) => ({ ...file, name: `${one.stem}/${file.name}` })))
    for (const { file } of one.parts) {
      used.add(file.path)
      await rm(file.path)
    }
  }
  return [...files.filter(({ path }) => !used.has(path)), ...found]
}

/** Nobody can tell whether the last part that came is the last there is, but a set that ends early lets one guess. */
function severed(thrown: unknown, set: ArchiveSet): unknown {
  const last = set.parts.at(-1)?.file.name
  const mayGoOn = set.parts.length > 1 || /\.(?:part\d+\.rar|\d{3}|r\d\d|z\d\d)$/i.test(last ?? '')
  if (!(thrown instanceof Fault) || thrown.code !== 'process.broken' || !mayGoOn) return thrown
  const reason = `${thrown.facts['reason']}; a part after ${last} may be missing`
  return new Fault('process.broken', { ...thrown.facts, reason }, { cause: thrown })
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Whether what came out of a stream is a tar: POSIX.1-1988 has "ustar" at 257, and older ones have nothing. */
async function look(path: string): Promise<{ bytes: number; isTar: boolean }> {
  await using file = await open(path)
  const { size } = await file.stat()
  const head = Buffer.alloc(5)
  await file.read(head, 0, 5, 257)
  return { bytes: size, isTar: head.toString('latin1') === 'ustar' }
}

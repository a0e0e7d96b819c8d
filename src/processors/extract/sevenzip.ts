import { createWriteStream } from 'node:fs'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { isFault } from '@jackdaw/contract/faults.ts'
import { killGroup } from '#kernel/child/orphans.ts'
import { passwordAnswer, sevenZipFlags } from '#kernel/sevenzip.ts'
import type { Run } from '#pipeline/engine.ts'
import { toolFault, unsafe } from './faults.ts'
import { tooMuch, type Entry } from './judge.ts'
import { entriesOf } from './listing.ts'
import type { Kind } from './parts.ts'
import { refuseFull, watched, type Unpacking } from './watch.ts'

/** An archive as 7zz is to open it. */
export interface Opened {
  readonly path: string
  readonly kind: Kind
  readonly isSplit: boolean
  readonly password: string | undefined
}

/** What an archive says is in it; stops reading where there is too much. Throws `process.password`, `process.broken`, `process.unsafe`. */
export async function list(archive: Opened, { name, limits, run }: Unpacking): Promise<readonly Entry[]> {
  const child = await run.spawn(
    '7zz',
    ['l', ...sevenZipFlags, ...typeFlag(archive), '-slt', '-ba', '--', archive.path],
    passwordAnswer(archive.password),
  )
  const entries: Entry[] = []
  for await (const entry of entriesOf(child.stdout)) {
    entries.push(entry)
    if (entries.length > limits.entries) break
  }
  if (entries.length > limits.entries) {
    killGroup(child.pid, 'SIGKILL')
    await child.done.catch(() => undefined)
    throw unsafe(name, `it has more than ${limits.entries} entries`)
  }
  await child.done.catch((thrown: unknown) => {
    throw toolFault(thrown, name)
  })
  return entries
}

/** Unpacks into a folder that exists. `only` is a file with the names to take, one a line; all without it. */
export async function unpack(
  archive: Opened,
  to: string,
  { only }: { only?: string | undefined },
  unpacking: Unpacking,
): Promise<void> {
  const child = await unpacking.run.spawn(
    '7zz',
    [
      'x',
      ...sevenZipFlags,
      ...typeFlag(archive),
      // A second file of the same name gets a number.
      '-aou',
      `-o${to}`,
      ...(only === undefined ? [] : [`-i@${only}`]),
      '--',
      archive.path,
    ],
    passwordAnswer(archive.password),
  )
  await watched(child, to, unpacking).catch((thrown: unknown) => {
    unpacking.run.signal.throwIfAborted()
    throw toolFault(thrown, unpacking.name)
  })
}

/** Unpacks the one stream of a gzip, bzip2, xz or zstd into a file. Nobody knows its length before. */
export async function unpackStream(archive: Opened, to: string, unpacking: Unpacking): Promise<void> {
  const { run, spent } = unpacking
  const child = await run.spawn('7zz', ['x', ...sevenZipFlags, ...typeFlag(archive), '-so', '--', archive.path])
  let done = 0
  let asked = 0
  const judged = async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      done += chunk.length
      run.report({ unit: 'bytes', done: spent.bytes + done })
      judge(done, unpacking)
      // Asking the file system for each piece would take longer than writing it.
      if (done - asked > 64 * 1024 * 1024) {
        asked = done
        await refuseFull(0, dirname(to))
      }
      yield chunk
    }
  }
  try {
    await pipeline(child.stdout, judged, createWriteStream(to, { flags: 'wx', mode: 0o644 }), { signal: run.signal })
  } catch (thrown) {
    killGroup(child.pid, 'SIGKILL')
    await child.done.catch(() => undefined)
    run.signal.throwIfAborted()
    throw thrown
  }
  await child.done.catch((thrown: unknown) => {
    run.signal.throwIfAborted()
    throw toolFault(thrown, unpacking.name)
  })
}

/** Whether this 7zz reads RAR: Debian's does not without the package 7zip-rar. */
export async function readsRar(run: Run<unknown>): Promise<boolean> {
  try {
    // The codec by its number: without it the format may still be on the list.
    return /\b40305 +Rar5\b/.test(await (await run.spawn('7zz', ['i'])).text())
  } catch (thrown) {
    if (!isFault(thrown, 'house.tool-failed')) throw thrown
    return false
  }
}

function judge(done: number, unpacking: Unpacking): void {
  const most = unpacking.limits.fileBytes
  const large = most !== undefined && done > most ? `it unpacks to more than ${most} bytes` : undefined
  const reason = large ?? tooMuch(done, unpacking)
  if (reason !== undefined) throw unsafe(unpacking.name, reason)
}

/** Said outright, so that nothing is opened as a kind that it was not judged by. RAR and ISO have several kinds each. */
function typeFlag({ kind, isSplit }: Opened): readonly string[] {
  if (kind === 'rar' || kind === 'iso') return []
  return [`-t${kind}${isSplit ? '.split' : ''}`]
}

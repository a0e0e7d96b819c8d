import { open, type FileHandle } from 'node:fs/promises'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import type { MediaKey } from '@jackdaw/contract/nouns/options.ts'
import { boxAt, boxesOf } from '#kernel/cenc/boxes.ts'
import { Decryptor } from '#kernel/cenc/decrypt.ts'
import { isClear } from '#kernel/cenc/trial.ts'
import type { LocalAsset, Run } from '#pipeline/engine.ts'

/** What a file says of itself before its media. */
export interface Header {
  /** The `moov` box. */
  readonly moov: Buffer
  /** Ids of the keys; none when nothing is encrypted. */
  readonly kids: readonly string[]
  readonly isFragmented: boolean
}

/** A header has an entry for each sample where there are no fragments: of hours, some megabytes. */
const mostHeaderBytes = 64 * 1024 * 1024
/** A fragment is some seconds; it must fit in memory. */
const mostFragmentBytes = 256 * 1024 * 1024
const copyBytes = 1024 * 1024

/** A box of the file: where it is, and whether it can be read. */
interface Place {
  readonly type: string
  readonly from: number
  readonly bytes: number
}

/** Undefined when it is no MP4 file. */
export async function headerOf(asset: LocalAsset): Promise<Header | undefined> {
  const file = await open(asset.path, 'r')
  try {
    for await (const box of boxes(file, asset)) {
      if (box.type !== 'moov') continue
      const moov = await read(file, box, mostHeaderBytes)
      const kids = new Decryptor([]).kids(moov)
      const [outer] = boxesOf(moov)
      const isFragmented =
        outer !== undefined && boxesOf(moov, outer.body, outer.end).some(({ type }) => type === 'mvex')
      return { moov, kids, isFragmented }
    }
    return undefined
  } catch (thrown) {
    throw translated(thrown, asset)
  } finally {
    await file.close()
  }
}

/**
 * Writes the file without its encryption to `to`; `false` if the first fragment cannot be decoded with these keys. Every
 * box keeps its length.
 */
export async function rewrite(
  asset: LocalAsset,
  to: string,
  keys: readonly MediaKey[],
  { moov }: Header,
  run: Run<unknown>,
): Promise<boolean> {
  const decryptor = new Decryptor(keys)
  const [file, out] = [await open(asset.path, 'r'), await open(to, 'w')]
  try {
    let isTried = false
    /** A fragment's `moof` and what stands between it and its media. */
    let fragment: Buffer[] = []
    for await (const box of boxes(file, asset)) {
      run.signal.throwIfAborted()
      if (box.type === 'moov') await out.appendFile(decryptor.init(moov))
      else if (box.type === 'moof' || fragment.length > 0) {
        fragment.push(await read(file, box, mostFragmentBytes))
        if (box.type !== 'mdat') continue
        await out.appendFile(decryptor.piece(Buffer.concat(fragment), moov))
        fragment = []
        if (!isTried && !(await isClear(to, run))) return false
        isTried = true
      } else await copy(file, out, box)
      run.report({ unit: 'bytes', done: box.from + box.bytes, of: asset.bytes })
    }
    if (fragment.length > 0)
      throw new Fault('process.broken', { name: asset.name, reason: 'its last fragment has no media' })
    return true
  } catch (thrown) {
    throw translated(thrown, asset)
  } finally {
    await file.close()
    await out.close()
  }
}

/** The outermost boxes, by their heads alone. */
async function* boxes(file: FileHandle, asset: LocalAsset): AsyncGenerator<Place> {
  for (let from = 0; from + 8 <= asset.bytes;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(32), 0, 32, from)
    const { type, end } = boxAt(buffer.subarray(0, bytesRead), 0, asset.bytes - from)
    if (from + end > asset.bytes) {
      // Of text or of another container the first four bytes are no length.
      if (from === 0) return
      throw new Fault('process.broken', { name: asset.name, reason: 'it is cut off' })
    }
    yield { type, from, bytes: end }
    from += end
  }
}

async function read(file: FileHandle, { type, from, bytes }: Place, most: number): Promise<Buffer> {
  if (bytes > most) throw new Fault('source.malformed', { reason: `its ${type} is larger than ${most} bytes` })
  const { buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, from)
  return buffer
}

async function copy(file: FileHandle, out: FileHandle, { from, bytes }: Place): Promise<void> {
  const buffer = Buffer.alloc(Math.min(copyBytes, bytes))
  for (let done = 0; done < bytes;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, bytes - done), from + done)
    if (bytesRead === 0) return
    await out.appendFile(buffer.subarray(0, bytesRead))
    done += bytesRead
  }
}

/** A file here is not what a site sent. */
function translated(thrown: unknown, { name }: LocalAsset): unknown {
  if (!isFault(thrown, 'source.malformed')) return thrown
  return new Fault('process.broken', { name, reason: String(thrown.facts['reason']) }, { cause: thrown })
}

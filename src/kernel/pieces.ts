import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** A stretch of a file in bytes; `to` is the first that is not of it. */
export interface Piece {
  readonly path: string
  readonly from?: number
  readonly to?: number
}

// Reads of 64 KiB cost three times the calls for nothing.
const highWaterMark = 1024 * 1024

/** Writes pieces one after another into a new file and returns its SHA-256 (hex), computed on the way. */
export async function writePieces(
  pieces: readonly Piece[],
  to: string,
  { signal, onBytes }: { readonly signal: AbortSignal; readonly onBytes?: (bytes: number) => void },
): Promise<string> {
  const hash = createHash('sha256')
  const count = new Transform({
    highWaterMark,
    transform(chunk: Buffer, _encoding, next) {
      hash.update(chunk)
      onBytes?.(chunk.length)
      next(null, chunk)
    },
  })
  await pipeline(read(pieces, signal), count, createWriteStream(to, { highWaterMark }), { signal }).catch((thrown) => {
    // Node speaks of an abort, the house of its reason.
    signal.throwIfAborted()
    throw thrown
  })
  return hash.digest('hex')
}

async function* read(pieces: readonly Piece[], signal: AbortSignal): AsyncGenerator<Buffer> {
  for (const { path, from = 0, to } of pieces) {
    if (to !== undefined && to <= from) continue
    const end = to === undefined ? {} : { end: to - 1 }
    yield* createReadStream(path, { start: from, ...end, highWaterMark, signal }) as AsyncIterable<Buffer>
  }
}

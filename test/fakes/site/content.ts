import { createHash } from 'node:crypto'

/** A prime length: bytes taken from a wrong offset, a multiple of a power of two say, never look right. */
const period = 1_048_573

/** Two periods of pseudo-random bytes in a row, so that any slice of up to one period is one view. */
function blockOf(seed: number): Buffer {
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1
  const block = Buffer.allocUnsafeSlow(period * 2)
  for (let i = 0; i < period; i += 1) {
    // xorshift32 (Marsaglia): quick, and good enough to tell bytes apart.
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    block[i] = state >>> 24
  }
  block.copy(block, period, 0, period)
  return block
}

/** Deterministic bytes for every seed: what the fake site sends and what a test expects. */
export class Content {
  readonly #blocks = new Map<number, Buffer>()

  /** A view of the bytes from `from` to `to`, or fewer: at most 1,048,573. Do not write to it. */
  slice(seed: number, from: number, to: number): Buffer {
    let block = this.#blocks.get(seed)
    if (!block) this.#blocks.set(seed, (block = blockOf(seed)))
    const start = from % period
    return block.subarray(start, start + Math.min(to - from, period))
  }

  /** SHA-256 of the first `bytes` bytes, hex. */
  sha256(bytes: number, seed = 0): string {
    const hash = createHash('sha256')
    for (let at = 0; at < bytes;) {
      const piece = this.slice(seed, at, bytes)
      hash.update(piece)
      at += piece.length
    }
    return hash.digest('hex')
  }
}

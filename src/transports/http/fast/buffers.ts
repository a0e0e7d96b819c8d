/**
 * Read buffers that are used again and again, with a ceiling: whoever finds none left waits, which is how a slow disk slows
 * the network down. Sizes: 1 MiB keeps the number of writes low; lanes beyond the fourth are slow ones and get 256 KiB.
 */
export class Buffers {
  /** For a read that finds no buffer: emptied at once. Never part of a lane's own buffers. */
  readonly spare = Buffer.allocUnsafeSlow(64 * 1024)
  readonly #free = { big: [] as Buffer[], small: [] as Buffer[] }
  readonly #waiting = new Set<() => void>()
  #bytes = 0
  readonly #most: number

  /** `most` bytes in all; at least one buffer is always given to a lane that has none. */
  constructor(most: number) {
    this.#most = most
  }

  /** A buffer, or undefined when all are in use; `must` ignores the ceiling (a lane's first one). */
  take(size: 'big' | 'small', must = false): Buffer | undefined {
    const free = this.#free[size].pop()
    if (free) return free
    const bytes = size === 'big' ? 1024 * 1024 : 256 * 1024
    if (!must && this.#bytes + bytes > this.#most) return undefined
    this.#bytes += bytes
    return Buffer.allocUnsafeSlow(bytes)
  }

  give(buffer: Buffer): void {
    this.#free[buffer.length === 1024 * 1024 ? 'big' : 'small'].push(buffer)
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  /** Calls once when a buffer has come back. */
  onFree(wake: () => void): void {
    this.#waiting.add(wake)
  }
}

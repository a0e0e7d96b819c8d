const sizes = { big: 1024 * 1024, small: 128 * 1024 } as const

/** What one read of a slow lane brings at most. */
export const spareBytes = 64 * 1024

/**
 * Read buffers that are used again and again, with a ceiling: whoever finds none left waits, which is how a slow disk
 * slows the network down.
 */
export class Buffers {
  /** For reads that are copied from at once: many lanes share it. */
  readonly spare = Buffer.allocUnsafeSlow(spareBytes)
  readonly #free = { big: [] as Buffer[], small: [] as Buffer[] }
  readonly #waiting = { big: [] as ((buffer: Buffer) => void)[], small: [] as ((buffer: Buffer) => void)[] }
  readonly #most: number
  #bytes = 0

  /** `most` bytes in all, beyond what lanes need to begin. */
  constructor(most: number) {
    this.#most = most
  }

  /** A buffer, or undefined when all are in use. */
  take(size: keyof typeof sizes): Buffer | undefined {
    return this.#free[size].length > 0 || this.#bytes + sizes[size] <= this.#most ? this.need(size) : undefined
  }

  /** A buffer, whatever the ceiling. */
  need(size: keyof typeof sizes): Buffer {
    const free = this.#free[size].pop()
    if (free) return free
    this.#bytes += sizes[size]
    return Buffer.allocUnsafeSlow(sizes[size])
  }

  /** Gives a buffer back: to whoever has waited longest for one of its size, or to the pile. */
  give(buffer: Buffer): void {
    const size = buffer.length === sizes.big ? 'big' : 'small'
    const next = this.#waiting[size].shift()
    if (next) next(buffer)
    else this.#free[size].push(buffer)
  }

  /** Calls once with a buffer as soon as one has come back. */
  wait(size: keyof typeof sizes, take: (buffer: Buffer) => void): void {
    this.#waiting[size].push(take)
  }
}

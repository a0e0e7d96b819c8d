/** Memory for bytes on their way, used again and again: what the collector does not see it need not collect. */
export class Blocks {
  readonly #bytes: number
  readonly #most: number
  readonly #free: Buffer[] = []

  /** Blocks of so many bytes; at most so many are kept while nobody uses them. */
  constructor(bytes: number, most: number) {
    this.#bytes = bytes
    this.#most = most
  }

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bytes)
  }

  give(block: Buffer): void {
    if (this.#free.length < this.#most) this.#free.push(block)
  }
}

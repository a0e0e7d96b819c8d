import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'

const readBytes = 512 * 1024
/** One is being filled, one waits, one is being sent; and one to be sure. */
const rings = 4

/** A file that grows, as a stream: gives what is whole, waits for more, and ends when told to. */
export class Tail {
  readonly stream: Readable
  readonly #path: string
  readonly #length: () => number
  #grown = Promise.withResolvers<void>()
  #isOver = false

  /** `length` says how much of the file may be read. */
  constructor(path: string, length: () => number) {
    this.#path = path
    this.#length = length
    this.stream = Readable.from(this.#read(), { objectMode: false, highWaterMark: 1 })
    // A reader that has had enough ends it.
    this.stream.on('error', () => undefined)
  }

  /** There may be more to read. */
  grew(): void {
    this.#grown.resolve()
    this.#grown = Promise.withResolvers()
  }

  /** Nothing more will come. */
  end(): void {
    this.#isOver = true
    this.grew()
  }

  async *#read(): AsyncGenerator<Buffer> {
    await using file = await open(this.#path, 'r')
    // A reader takes the next chunk when it has done with the one before, as chunks are larger than what it buffers.
    const ring = Array.from({ length: rings }, () => Buffer.allocUnsafeSlow(readBytes))
    for (let at = 0, turn = 0; ;) {
      const { promise } = this.#grown
      const isOver = this.#isOver
      const wanted = Math.min(readBytes, this.#length() - at)
      if (wanted === readBytes || (wanted > 0 && isOver)) {
        const own = wanted === readBytes ? ring[turn++ % rings] : undefined
        const { bytesRead, buffer } = await file.read(own ?? Buffer.allocUnsafeSlow(wanted), 0, wanted, at)
        if (bytesRead === 0) return
        at += bytesRead
        yield buffer.subarray(0, bytesRead)
      } else if (isOver) return
      else await promise
    }
  }
}

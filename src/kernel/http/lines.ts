import { networkFault } from './network-fault.ts'
import { Blocks } from './blocks.ts'
import { Unusual } from './head.ts'
import { Line, Stale, type Connect, type TakeChunk } from './line.ts'
import { readBytes, type Asking, type ByteRange } from './read.ts'

/** A line gives its place at the site to whoever waits after this: other jobs want to get on as well. */
const longestMs = 5000
/** One that nobody uses is closed soon: it holds a place. */
const idleMs = 1000
const blockBytes = 512 * 1024
const mostBlocks = 32

/**
 * Many small bodies from few sites, over kept connections of our own; whatever is not a plain answer is asked for again by
 * the well-kept client (`readBytes`), and so is everything of that origin from then on. Faults are those of `readBytes`.
 */
export class Lines implements AsyncDisposable {
  readonly #asking: Asking
  readonly #connect: Connect
  readonly #blocks = new Blocks(blockBytes, mostBlocks)
  readonly #idle = new Map<string, { readonly line: Line; readonly timer: NodeJS.Timeout }[]>()
  readonly #busy = new Set<Line>()
  readonly #odd = new Set<string>()
  readonly #abort = () => this.#close()

  constructor(asking: Asking, connect: Connect) {
    this.#asking = asking
    this.#connect = connect
    asking.signal.addEventListener('abort', this.#abort, { once: true })
  }

  async read(address: string, range: ByteRange | undefined, take: TakeChunk): Promise<void> {
    const url = new URL(address)
    if (!this.#odd.has(url.origin) && url.username === '' && url.password === '') {
      try {
        return await this.#readByLine(url, range, take)
      } catch (thrown) {
        this.#asking.signal.throwIfAborted()
        if (!(thrown instanceof Unusual)) throw networkFault(thrown)
        this.#odd.add(url.origin)
      }
    }
    // Its lines hold places that this request may need.
    for (const { line } of this.#idle.get(url.origin) ?? []) line.close()
    await readBytes(this.#asking, address, range, (bytes) => take({ bytes, free: () => undefined }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#asking.signal.removeEventListener('abort', this.#abort)
    this.#close()
  }

  async #readByLine(url: URL, range: ByteRange | undefined, take: TakeChunk): Promise<void> {
    const { visitor, stallMs, signal } = this.#asking
    for (;;) {
      signal.throwIfAborted()
      const known = this.#take(url.origin)
      const line = known ?? (await Line.open(this.#connect, url, this.#blocks, stallMs))
      this.#busy.add(line)
      try {
        await line.get({
          url,
          headers: visitor.headersFor(url),
          range,
          take,
          onHead: ({ fields }) => {
            const cookie = fields.get('set-cookie')
            if (cookie !== undefined) visitor.remember(url, [cookie])
          },
        })
        this.#keep(url.origin, line)
        return
      } catch (thrown) {
        line.close()
        if (!(thrown instanceof Stale) || known === undefined) throw thrown
      } finally {
        this.#busy.delete(line)
      }
    }
  }

  #take(origin: string): Line | undefined {
    for (let kept = this.#idle.get(origin)?.pop(); kept; kept = this.#idle.get(origin)?.pop()) {
      clearTimeout(kept.timer)
      if (kept.line.isOpen) return kept.line
    }
    return undefined
  }

  #keep(origin: string, line: Line): void {
    if (!line.isOpen || performance.now() - line.openedAt > longestMs) return line.close()
    const kept = this.#idle.get(origin) ?? []
    this.#idle.set(origin, kept)
    kept.push({ line, timer: setTimeout(() => line.close(), idleMs).unref() })
  }

  #close(): void {
    for (const kept of this.#idle.values()) for (const { line } of kept) line.close()
    for (const line of this.#busy) line.close()
  }
}

import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { cells } from './digest-cells.ts'

/** Up to here one thread is quicker than starting a second one (which takes about 15 ms). */
const inlineBytes = 4 * 1024 * 1024

interface Follower {
  readonly worker: Worker
  readonly shared: BigInt64Array<SharedArrayBuffer>
  readonly hex: Promise<string>
}

/**
 * SHA-256 of a file while it is being written. Small files are hashed as they are written in order; for others a
 * thread of its own follows the contiguous front through the page cache, so that ranges may arrive in any order.
 */
export class Digest {
  readonly #path: string
  readonly #inline = createHash('sha256')
  #hashed = 0
  #follower: Follower | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** Tells of bytes that were written at `at`; `front` is up to where all bytes are there. */
  wrote(bytes: Uint8Array, at: number, front: number): void {
    if (this.#follower === undefined) {
      if (at === this.#hashed && front <= inlineBytes) {
        this.#inline.update(bytes)
        this.#hashed += bytes.length
        return
      }
      if (front <= inlineBytes) return
    }
    this.#follow(front)
  }

  /** The digest of the first `bytes` bytes, all of which have been written, hex. */
  async finish(bytes: number): Promise<string> {
    if (this.#follower === undefined && this.#hashed === bytes) return this.#inline.digest('hex')
    const { worker, shared, hex } = this.#follow(bytes)
    Atomics.store(shared, cells.end, 1n)
    tell(shared)
    worker.ref()
    return await hex
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const follower = this.#follower
    this.#follower = undefined
    await follower?.worker.terminate()
  }

  #follow(front: number): Follower {
    const follower = (this.#follower ??= this.#start())
    Atomics.store(follower.shared, cells.front, BigInt(front))
    tell(follower.shared)
    return follower
  }

  #start(): Follower {
    const shared = new BigInt64Array(new SharedArrayBuffer(cells.bytes))
    const worker = new Worker(new URL('./digest-worker.ts', import.meta.url), {
      workerData: { path: this.#path, shared },
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
    })
    worker.unref()
    const hex = new Promise<string>((resolve, reject) => {
      worker.once('message', (text: string) => resolve(text))
      worker.once('error', reject)
      worker.once('exit', () => reject(new Error('the hashing thread has ended early')))
    })
    hex.catch(() => undefined) // awaited in finish(); before that a failure must not end the process
    return { worker, shared, hex }
  }
}

function tell(shared: BigInt64Array): void {
  Atomics.add(shared, cells.news, 1n)
  Atomics.notify(shared, cells.news)
}

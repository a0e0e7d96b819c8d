import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { cells } from './digest-cells.ts'

// Hashes a growing file behind its writer: what is read was written a moment ago and comes from the page cache.
const { path, shared } = workerData as { path: string; shared: BigInt64Array } // given by digest.ts, nobody else
const { news, front, end } = cells
const hash = createHash('sha256')
const buffer = Buffer.allocUnsafeSlow(512 * 1024) // fits the second-level cache, so that hashing does not wait for memory
const fd = openSync(path, 'r')
try {
  let at = 0
  for (;;) {
    const seen = Atomics.load(shared, news)
    const ended = Atomics.load(shared, end) === 1n
    const limit = Number(Atomics.load(shared, front))
    while (at < limit) {
      const n = readSync(fd, buffer, 0, Math.min(buffer.length, limit - at), at)
      if (n === 0) throw new Error(`the file ends at ${at}, ${limit} bytes were written`)
      hash.update(n === buffer.length ? buffer : buffer.subarray(0, n))
      at += n
    }
    if (ended) break
    Atomics.wait(shared, news, seen)
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port between threads has no origin
  parentPort?.postMessage(hash.digest('hex'))
} finally {
  closeSync(fd)
}

import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

const blockBytes = 512 * 1024

/** SHA-256 (hex) of a file, read in pieces. Errors of the file system and the signal's reason are thrown as they are. */
export async function digestFile(
  path: string,
  how: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  how.signal?.throwIfAborted()
  await using file = await open(path)
  const { size } = await file.stat()
  const hash = createHash('sha256')
  // Two in turn, so that one is read while the other is hashed; a new one for each piece would have the collector, which
  // counts memory outside the heap too, mark the whole heap every few dozen of them.
  const bytes = Math.max(1, Math.min(size, blockBytes))
  let [block, other] = [Buffer.allocUnsafeSlow(bytes), Buffer.allocUnsafeSlow(bytes)]
  for (let reading = file.read(block); ;) {
    const { bytesRead } = await reading
    how.signal?.throwIfAborted()
    if (bytesRead === 0) return hash.digest('hex')
    reading = file.read(other)
    hash.update(block.subarray(0, bytesRead))
    ;[block, other] = [other, block]
  }
}

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** Read in pieces of 1 MiB: fewer turns of the event loop than with the default of 64 KiB. */
const chunkBytes = 1024 * 1024

/** SHA-256 (hex) of a file, read as a stream. Errors of the file system are thrown as they are. */
export async function digestFile(
  path: string,
  how: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const hash = createHash('sha256')
  const stream = createReadStream(path, { highWaterMark: chunkBytes, ...(how.signal && { signal: how.signal }) })
  for await (const chunk of stream) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}

import { open, type FileHandle } from 'node:fs/promises'

/** The end of a pipeline: writes into `path`, or into `path.001`, `path.002` … of so many bytes each. */
export function intoVolumes(path: string, volumeBytes: number | undefined) {
  return async (source: AsyncIterable<Buffer>): Promise<void> => {
    let handle: FileHandle | undefined
    let number = 0
    let room = 0
    try {
      for await (const chunk of source) {
        for (let at = 0; at < chunk.length;) {
          if (handle === undefined || room === 0) {
            await handle?.close()
            number++
            handle = await open(volumeBytes === undefined ? path : `${path}.${String(number).padStart(3, '0')}`, 'w')
            room = volumeBytes ?? Number.POSITIVE_INFINITY
          }
          const piece = chunk.subarray(at, at + Math.min(room, chunk.length))
          await handle.writeFile(piece)
          at += piece.length
          room -= piece.length
        }
      }
    } finally {
      await handle?.close()
    }
  }
}

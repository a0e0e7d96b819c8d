import { readAll, type Asking } from '../http/read.ts'
import { mostBytes } from './hls-lines.ts'
import { parseHls, type Master, type MediaPlaylist } from './hls.ts'

/** Asks for a playlist and reads it. Faults: those of `readAll` and of `parseHls`. `url` is where it came from. */
export async function fetchHls(
  asking: Asking,
  url: string,
  definitions?: Readonly<Record<string, string>>,
): Promise<{ playlist: Master | MediaPlaylist; url: URL }> {
  const { bytes, url: last } = await readAll(asking, url, undefined, mostBytes)
  return { playlist: parseHls(bytes.toString('utf8'), last, definitions), url: last }
}

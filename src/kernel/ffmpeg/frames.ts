import { mediaInput } from './input.ts'

/** Between wanted frames there are key frames anyway: they come every 2 to 10 seconds in what sites and encoders make. */
const farApart = 10

/** Equally spaced moments, none at the very edges, where films are black. Seconds. */
export function spread(seconds: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => ((index + 0.5) * seconds) / count)
}

/**
 * Input arguments for one frame of each moment: the file is opened once per moment and sought, so that nothing between is
 * read. Where the moments are far apart the key frame before each is taken, which decodes a single frame.
 */
export function frameInputs(
  { path, type }: { readonly path: string; readonly type: string },
  moments: readonly number[],
): readonly string[] {
  const gap = Math.min(...moments.slice(1).map((moment, index) => moment - (moments[index] ?? 0)))
  const how = gap >= farApart ? ['-skip_frame', 'nokey', '-noaccurate_seek'] : []
  // One thread each: there are many decoders, and each has a frame or a few to do.
  return moments.flatMap((moment) => ['-threads', '1', ...how, '-ss', moment.toFixed(3), ...mediaInput(path, type)])
}

/** Square pixels: a picture as it is shown, whatever the shape of its pixels is. */
export const squarePixels = "scale='trunc(iw*sar/2)*2':'trunc(ih/2)*2',setsar=1"

/** `1:02:03`, `2:03`. */
export function clockOf(seconds: number): string {
  const whole = Math.floor(seconds)
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}

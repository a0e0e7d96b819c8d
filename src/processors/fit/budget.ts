/** A try at a size: bits per second of picture and sound, and lines of the picture. */
export interface Budget {
  readonly video: number
  readonly audio: number
  readonly height: number
}

export interface Film {
  readonly seconds: number
  readonly width: number
  readonly height: number
  readonly framesPerSecond: number
  readonly hasSound: boolean
}

/** Rate control misses by some; 3 % covered most samples that were tried, and there are further tries. */
const aim = 0.97
/** MP4 keeps 8 bytes and more for each frame and each packet of sound (47 a second), and has a head. */
const headBytes = 2500
const bytesPerPacket = 10
/** Below this a film is not worth watching: 144 lines, and sound that one still understands. */
const leastLines = 144
const leastAudio = 48_000
const ladder = [2160, 1440, 1080, 720, 540, 480, 360, 240, leastLines]
/**
 * Bits per pixel and frame at which H.264 looks decent: 0.05 is what streaming services give (Apple's HLS authoring
 * specification: 2 Mbit/s for 1280 × 720 at 30 frames is 0.07).
 */
const decent = 0.05
const bearable = 0.015

/**
 * What to encode with, so that `seconds` of film have at most so many bytes: as many lines as the bits still make a decent
 * picture of. Undefined when the result would be silly.
 */
export function budgetFor(bytes: number, film: Film): Budget | undefined {
  const bits = ((bytes - container(film)) * 8 * aim) / film.seconds
  const audio = film.hasSound ? audioShare(bits) : 0
  const video = Math.floor(bits - audio)
  const heights = [film.height, ...ladder.filter((lines) => lines < film.height)]
  const perFrame = (height: number) =>
    ((height * height * film.width) / film.height) * Math.min(film.framesPerSecond, 60)
  const height = heights.find((lines) => video >= decent * perFrame(lines)) ?? Math.min(film.height, leastLines)
  return video >= bearable * perFrame(height) ? { video, audio, height } : undefined
}

/** Bits per second of a sound alone; undefined when that is too few to understand it. */
export function soundBudget(bytes: number, seconds: number): number | undefined {
  const bits = Math.floor(((bytes - container({ seconds, framesPerSecond: 0, hasSound: true })) * 8 * aim) / seconds)
  return bits < leastAudio ? undefined : Math.min(bits, 320_000)
}

/** The same try with what it missed by taken off, and a little more. */
export function less(budget: Budget, madeBytes: number, bytes: number): Budget {
  const factor = Math.min(0.95, (bytes / madeBytes) * 0.95)
  return { ...budget, video: Math.floor(budget.video * factor) }
}

function container({
  seconds,
  framesPerSecond,
  hasSound,
}: Pick<Film, 'seconds' | 'framesPerSecond' | 'hasSound'>): number {
  return headBytes + seconds * bytesPerPacket * (framesPerSecond + (hasSound ? 47 : 0))
}

/** A tenth for the sound, within what is good and what one understands. */
function audioShare(bits: number): number {
  return Math.round(Math.min(160_000, Math.max(leastAudio, bits / 10)))
}

import { createHash } from 'node:crypto'
import { appendFileSync, readFileSync } from 'node:fs'
import { open, rename, rm, stat, truncate, writeFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { bootId } from '#kernel/landing/journal.ts'
import type { Segment } from './track.ts'

/** A stretch: what can be read as one file, with one initialisation and one timeline. */
export interface Stretch {
  readonly path: string
  bytes: number
  seconds: number
}

/** Where the journal says that a segment ended. */
const Line = z.object({
  /** Track and number in it. */
  t: z.number().int().nonnegative(),
  n: z.number().int().nonnegative(),
  /** Which segment it was. */
  id: z.string(),
  /** Stretch, and the length of its file after this segment. */
  s: z.number().int().nonnegative(),
  e: z.number().int().nonnegative(),
  seconds: z.number().nonnegative(),
  q: z.number().int().optional(),
})
type Line = z.infer<typeof Line>

/**
 * The files of one track in the scratch folder. Segments are appended in order; `commit` says in the journal that one is
 * whole. Writes go to `end` and beyond, so a segment that is begun again simply writes over what was there.
 */
export class TrackFiles {
  readonly stretches: Stretch[] = []
  readonly #dir: string
  readonly #index: number
  readonly #lines: Line[]
  #handle: FileHandle | undefined
  #next: number

  constructor(dir: string, index: number, lines: Line[]) {
    this.#dir = dir
    this.#index = index
    this.#lines = lines
    for (const line of lines) {
      const known = this.stretches[line.s]
      if (known) {
        known.bytes = line.e
        known.seconds += line.seconds
      } else this.stretches[line.s] = { path: this.#path(line.s), bytes: line.e, seconds: line.seconds }
    }
    this.#next = lines.length
  }

  /** How many segments are here. */
  get next(): number {
    return this.#next
  }

  /** The sequence number of the last segment that is here, if it had one. */
  get lastSequence(): number | undefined {
    return this.#lines.at(-1)?.q
  }

  get bytes(): number {
    return this.stretches.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get seconds(): number {
    return this.stretches.reduce((sum, { seconds }) => sum + seconds, 0)
  }

  /** Begins another stretch. */
  async begin(): Promise<void> {
    await this.close()
    const path = this.#path(this.stretches.length)
    this.#handle = await open(path, 'w+')
    this.stretches.push({ path, bytes: 0, seconds: 0 })
  }

  /** Writes at `offset` bytes after the last whole segment. */
  async write(chunks: readonly Uint8Array[], offset: number): Promise<void> {
    const stretch = this.stretches.at(-1)
    if (stretch === undefined) throw new Error('no stretch was begun')
    this.#handle ??= await open(stretch.path, 'r+')
    // Node writes at most IOV_MAX (1024) buffers in one call.
    for (let at = stretch.bytes + offset, from = 0; from < chunks.length; from += 1000) {
      const some = chunks.slice(from, from + 1000)
      const { bytesWritten } = await this.#handle.writev(some, at)
      const wanted = some.reduce((sum, { length }) => sum + length, 0)
      if (bytesWritten !== wanted) throw Object.assign(new Error('a short write'), { code: 'ENOSPC' })
      at += wanted
    }
  }

  /** The segment of `bytes` bytes is whole. One that is left out has 0 bytes and 0 seconds. */
  commit(segment: Segment, bytes: number, seconds: number): void {
    // None was begun when the first segments are left out.
    if (this.stretches.length === 0) this.stretches.push({ path: this.#path(0), bytes: 0, seconds: 0 })
    const stretch = this.stretches.at(-1) as Stretch // there is one now
    stretch.bytes += bytes
    stretch.seconds += seconds
    const line: Line = {
      t: this.#index,
      n: this.#next,
      id: idOf(segment),
      s: this.stretches.length - 1,
      e: stretch.bytes,
      seconds,
      ...(segment.sequence !== undefined && { q: segment.sequence }),
    }
    this.#next += 1
    this.#lines.push(line)
    appendFileSync(join(this.#dir, journalName), `${JSON.stringify(line)}\n`)
  }

  async close(): Promise<void> {
    const bytes = this.stretches.at(-1)?.bytes
    const handle = this.#handle
    this.#handle = undefined
    if (handle === undefined) return
    // What was written of a segment that never became whole.
    if (bytes !== undefined) await handle.truncate(bytes)
    await handle.close()
  }

  async remove(): Promise<void> {
    await this.close()
    for (const { path } of this.stretches) await rm(path, { force: true })
  }

  #path(stretch: number): string {
    return join(this.#dir, `track${this.#index}-${stretch}.part`)
  }
}

const journalName = 'segments.journal'

/**
 * Opens the files of `tracks` tracks in a scratch folder, with whatever an earlier attempt left of them. `expected` gives the
 * segment that stands at a place now, or undefined where nothing can be said (live): another one than the journal's
 * means that the far side has changed, and the track starts over. `isBelieved`: also after a start of the machine, because
 * what was live is not to be had again.
 */
export async function openShelf(
  dir: string,
  tracks: number,
  isBelieved: boolean,
  expected: (track: number, number: number) => Segment | undefined,
): Promise<TrackFiles[]> {
  const kept = Array.from({ length: tracks }, (): Line[] => [])
  const wrong = new Set<number>()
  for (const line of readJournal(join(dir, journalName), isBelieved)) {
    const lines = kept[line.t]
    const segment = expected(line.t, line.n)
    if (lines === undefined || wrong.has(line.t)) continue
    if (segment && idOf(segment) !== line.id) {
      lines.length = 0
      wrong.add(line.t)
    } else if (line.n !== (lines.at(-1)?.n ?? line.n - 1) + 1 && lines.length > 0) wrong.add(line.t)
    else if (line.n === 0 || lines.length > 0) lines.push(line)
  }
  for (const [track, lines] of kept.entries()) await cutToFiles(dir, track, lines)
  const text = [{ boot: bootId() }, ...kept.flat()].map((line) => `${JSON.stringify(line)}\n`).join('')
  await writeFile(join(dir, `${journalName}.new`), text)
  await rename(join(dir, `${journalName}.new`), join(dir, journalName))
  return kept.map((lines, track) => new TrackFiles(dir, track, lines))
}

/** Forgets everything: the next attempt starts over. */
export async function clearShelf(dir: string, files: readonly TrackFiles[]): Promise<void> {
  await rm(join(dir, journalName), { force: true })
  for (const track of files) await track.remove()
}

/** Forgets segments whose bytes are not in their file, and all after them; cuts what stands behind the last one. */
async function cutToFiles(dir: string, track: number, lines: Line[]): Promise<void> {
  const sizes = new Map<number, number>()
  for (const { s } of lines) {
    if (sizes.has(s)) continue
    const seen = await stat(join(dir, `track${track}-${s}.part`)).catch(() => undefined)
    sizes.set(s, seen?.size ?? 0)
  }
  const bad = lines.findIndex(({ s, e }) => e > (sizes.get(s) ?? 0))
  if (bad >= 0) lines.length = bad
  const last = lines.at(-1)
  if (last && last.e > 0) await truncate(join(dir, `track${track}-${last.s}.part`), last.e)
}

function readJournal(path: string, isBelieved: boolean): Line[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return [] // the first attempt
  }
  const [head = '', ...rest] = text.split('\n')
  // After a start of the machine the files may have holes where the journal promises bytes.
  if (!isBelieved && head !== JSON.stringify({ boot: bootId() })) return []
  const lines: Line[] = []
  for (const line of rest) {
    try {
      lines.push(Line.parse(JSON.parse(line)))
    } catch {
      break // the last line of a process that was killed
    }
  }
  return lines
}

/** Hosts and queries of signed addresses change between two looks at one playlist; paths do not. */
function idOf({ url, range, seconds, sequence }: Segment): string {
  const path = URL.parse(url)?.pathname ?? url
  const text = JSON.stringify([path, range?.from, range?.bytes, seconds, sequence])
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}

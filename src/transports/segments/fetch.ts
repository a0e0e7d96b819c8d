import { Fault } from '@jackdaw/contract/faults.ts'
import { probeFile } from '#kernel/ffmpeg/probe.ts'
import { splitName } from '#kernel/names.ts'
import { join } from 'node:path'
import { z } from 'zod'
import type { LocalAsset, Run } from '#pipeline/engine.ts'
import type { FarSide } from './far-side.ts'
import { Fetcher } from './fetcher.ts'
import { formatOfFile } from './format.ts'
import { Lineup } from './lineup.ts'
import { mux, muxAlong, type Along, type Made, type MuxHow } from './mux.ts'
import { clearShelf, openShelf, type TrackFiles } from './shelf.ts'
import type { Segment, Track } from './track.ts'

/** What is told to the house: that something was done, and what kind of stream it was. Where things stand is in the journal. */
export const Checkpoint = z.object({ isLive: z.boolean(), segments: z.number(), bytes: z.number() })
export type Checkpoint = z.infer<typeof Checkpoint>

export interface TracksJob {
  readonly run: Run<Checkpoint>
  readonly far: FarSide
  /** Each becomes a stream of the file; those of something live begin empty. */
  readonly tracks: readonly Track[]
  /** Of the finished file, with the extension that it should have. */
  readonly name: string
  readonly connections: number
  readonly maxBytes: number | undefined
  /** Longest segment: what duration may miss. */
  readonly targetSeconds: number
  readonly live?: Live
}

/** Something that goes on while it is fetched. */
export interface Live {
  /** Where progress ends. */
  readonly seconds: number
  /** Adds segments until the stream has ended. `last` are the sequence numbers that are here, `seconds` their length. */
  follow(add: (track: number, segment: Segment) => void, here: readonly Here[], signal: AbortSignal): Promise<void>
}
export interface Here {
  readonly last: number | undefined
  readonly seconds: number
}

/** How often the house is told at most. */
const saveMs = 5000

/**
 * Fetches all segments of some tracks and makes one file of them. What arrived stays in the scratch folder: the next attempt
 * goes on with the segment after the last whole one. Faults: those of the segments, `source.short`, `quota.file-size`.
 */
export async function fetchTracks(job: TracksJob): Promise<LocalAsset> {
  const { run, tracks, live } = job
  run.signal.throwIfAborted()
  const isLive = live !== undefined
  const files = await openShelf(run.dir, tracks.length, isLive, (track, n) => tracks[track]?.segments[n])
  const along = live || !tracks.every(isOneStretch) ? undefined : new Companion(job, files)
  let made: Made | undefined
  try {
    await fetchAll(job, files, () => along?.grew())
    made = await along?.finish()
  } catch (thrown) {
    await along?.cancel()
    throw thrown
  }
  made ??= await mux(muxHow(job, files))
  const asset = await check(job, files, made)
  await clearShelf(run.dir, files)
  return asset
}

async function fetchAll(job: TracksJob, files: readonly TrackFiles[], grew: () => void): Promise<void> {
  const { run, tracks, live } = job
  const lineups = files.map((track, index) => new Lineup(track, tracks[index]?.open, lastOf(track, tracks[index])))
  const report = reporter(job, files)
  const saver = new Saver(run, live !== undefined, files)
  await saver.save()
  const ended = new AbortController()
  const fetcher = new Fetcher({
    far: job.far,
    signal: run.signal,
    lineups,
    connections: job.connections,
    maxBytes: job.maxBytes,
    isLossy: live !== undefined,
    charge: (bytes) => run.charge(bytes),
    arrived: report,
    written() {
      grew()
      report(0)
      saver.soon((thrown) => fetcher.fail(thrown))
    },
    log: (fields, message) => run.log(fields, message),
  })
  const running = fetcher.run().finally(() => ended.abort())
  running.catch(() => undefined) // awaited below
  if (live) {
    const here = files.map(({ lastSequence: last, seconds }) => ({ last, seconds }))
    const signal = AbortSignal.any([run.signal, ended.signal])
    await live
      .follow((track, segment) => fetcher.add(track, segment), here, signal)
      .catch((thrown: unknown) => {
        if (!ended.signal.aborted) fetcher.fail(thrown)
      })
  } else for (const [track, segment] of inTime(tracks, files)) fetcher.add(track, segment)
  fetcher.close()
  await running
  await saver.save()
}

/** All that is missing, in the order of time, so that no track is far ahead of another. */
function inTime(tracks: readonly Track[], files: readonly TrackFiles[]): [track: number, segment: Segment][] {
  const timed = tracks.flatMap(({ segments }, track) => {
    let at = 0
    return segments.map((segment, n) => {
      const begins = at
      at += segment.seconds
      return { track, segment, begins, isHere: n < (files[track]?.next ?? 0) }
    })
  })
  const missing = timed.filter(({ isHere }) => !isHere)
  if (tracks.length > 1) missing.sort((a, b) => a.begins - b.begins)
  return missing.map(({ track, segment }) => [track, segment])
}

/** The segment that is the last one here. Of something live only its number is known; the source marks what does not follow. */
function lastOf(files: TrackFiles, track: Track | undefined): Segment | undefined {
  if (files.next === 0) return undefined
  return track?.segments[files.next - 1]
}

/** One timeline and one initialisation from beginning to end. */
function isOneStretch({ segments }: Track): boolean {
  const init = JSON.stringify(segments[0]?.init)
  return segments.every(
    ({ discontinuity, gap, init: its }, index) =>
      gap !== true &&
      (index === 0 || (discontinuity !== true && (its === segments[0]?.init || JSON.stringify(its) === init))),
  )
}

/** ffmpeg beside the fetch: begins when each track has its first segment. */
class Companion {
  readonly #job: TracksJob
  readonly #files: readonly TrackFiles[]
  #begun: Promise<Along | undefined> | undefined
  #along: Along | undefined

  constructor(job: TracksJob, files: readonly TrackFiles[]) {
    this.#job = job
    this.#files = files
  }

  grew(): void {
    this.#along?.grew()
    if (this.#begun || !this.#files.every(({ bytes }) => bytes > 0)) return
    this.#begun = this.#begin()
    this.#begun.catch(() => undefined) // `finish` tells
  }

  async finish(): Promise<Made | undefined> {
    return await (await this.#begun)?.finish()
  }

  async cancel(): Promise<void> {
    const along = await this.#begun?.catch(() => undefined)
    await along?.cancel()
  }

  async #begin(): Promise<Along | undefined> {
    const files = this.#files
    const formats = await Promise.all(files.map(({ stretches: [one] }) => formatOfFile(one?.path ?? '')))
    const known = formats.filter((format) => format !== undefined)
    if (known.length < formats.length) {
      throw new Fault('source.malformed', { reason: 'its segments are neither sound nor picture' })
    }
    const how = muxHow(this.#job, files)
    const rate = files.reduce((sum, { bytes, seconds }) => sum + bytes / Math.max(0.1, seconds), 0)
    this.#along = muxAlong(how, known, rate * how.seconds)
    return this.#along
  }
}

function muxHow({ run, tracks, name, live }: TracksJob, files: readonly TrackFiles[]): MuxHow {
  const seconds = live ? Math.max(0, ...files.map((each) => each.seconds)) : secondsOf(tracks)
  return {
    run,
    dir: run.dir,
    strands: tracks.map(({ kind, language }, index) => ({
      kind,
      ...(language !== undefined && { language }),
      stretches: files[index]?.stretches ?? [],
    })),
    out: join(run.dir, 'made'),
    extension: splitName(name).extension.toLowerCase() || '.mp4',
    seconds,
  }
}

function secondsOf(tracks: readonly Track[]): number {
  const each = tracks.map(({ segments }) =>
    segments.reduce((sum, { seconds, gap }) => (gap === true ? sum : sum + seconds), 0),
  )
  return Math.max(0, ...each)
}

/** Compares the length with the manifest's: ffmpeg passes over what it cannot read without a word. */
async function check(
  { run, name, targetSeconds }: TracksJob,
  files: readonly TrackFiles[],
  made: Made,
): Promise<LocalAsset> {
  const { extension } = splitName(made.path)
  const type = types[extension] ?? 'video/mp4'
  const expected = Math.max(0, ...files.map((file) => file.seconds))
  // Playlists round: by whole seconds up to a tenth, else by little.
  const least = expected - targetSeconds - expected * 0.05
  const isLong = made.seconds !== undefined && made.seconds > 0 && made.seconds >= least
  // What was counted while it was written need not be read again, unless it is too little to be believed.
  const facts = isLong ? { durationSeconds: made.seconds } : await probeFile(made.path, type, run)
  const seconds = facts && (facts.durationSeconds ?? 0)
  if (seconds === undefined || seconds < least) {
    await clearShelf(run.dir, files)
    throw new Fault('source.short', { seconds: Math.round(seconds ?? 0), expected: Math.round(expected) })
  }
  const { stem, extension: asked } = splitName(name)
  const final = asked.toLowerCase() === extension ? name : `${asked === '' ? name : stem}${extension}`
  return await run.keep(made.path, { name: final, type })
}

const types: Readonly<Record<string, string>> = {
  '.mp4': 'video/mp4',
  '.m4a': 'audio/mp4',
  '.mkv': 'video/x-matroska',
  '.mka': 'audio/x-matroska',
  '.webm': 'video/webm',
  '.mp3': 'audio/mpeg',
}

/** Progress in bytes, of as many as the seconds so far let expect; of something live in seconds. */
function reporter({ run, tracks, live }: TracksJob, files: readonly TrackFiles[]): (bytes: number) => void {
  const all = secondsOf(tracks)
  let most = 0
  return (bytes) => {
    most = Math.max(most, bytes)
    if (live) {
      const done = Math.max(0, ...files.map(({ seconds }) => seconds))
      run.report({ unit: 'seconds', done, ...(Number.isFinite(live.seconds) && { of: live.seconds }) })
      return
    }
    let [here, seconds] = [0, 0]
    for (const file of files) {
      here += file.bytes
      seconds = Math.max(seconds, file.seconds)
    }
    const of = seconds > 0 ? Math.max(most, Math.round((here / seconds) * all)) : undefined
    run.report({ unit: 'bytes', done: most, ...(of !== undefined && { of }) })
  }
}

/** Tells the house now and then what was done, which also asks whether the step is still ours. */
class Saver {
  readonly #run: Run<Checkpoint>
  readonly #isLive: boolean
  readonly #files: readonly TrackFiles[]
  #at = 0
  #saving: Promise<void> | undefined

  constructor(run: Run<Checkpoint>, isLive: boolean, files: readonly TrackFiles[]) {
    this.#run = run
    this.#isLive = isLive
    this.#files = files
  }

  soon(failed: (thrown: unknown) => void): void {
    if (this.#saving || performance.now() - this.#at < saveMs) return
    this.#saving = this.save()
      .catch(failed)
      .finally(() => (this.#saving = undefined))
  }

  async save(): Promise<void> {
    this.#at = performance.now()
    const segments = this.#files.reduce((sum, { next }) => sum + next, 0)
    const bytes = this.#files.reduce((sum, file) => sum + file.bytes, 0)
    await this.#run.save({ isLive: this.#isLive, segments, bytes })
  }
}

import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { threeLetters } from '#kernel/ffmpeg/language.ts'
import { ffmpeg, type ToolRun } from '#kernel/ffmpeg/work.ts'
import { formatOfFile, type Format } from './format.ts'
import type { Stretch } from './shelf.ts'
import { Tail } from './tail.ts'
import type { Track } from './track.ts'

/** What is muxed: a track and the files of its stretches. */
export interface Strand {
  readonly kind: Track['kind']
  readonly language?: string
  readonly stretches: readonly Stretch[]
}

export interface MuxHow {
  readonly run: ToolRun
  readonly dir: string
  readonly strands: readonly Strand[]
  /** Without its extension. */
  readonly out: string
  /** Of the file that is wanted, with its dot; what it cannot hold goes into Matroska. */
  readonly extension: string
  readonly seconds: number
}

/** A file, and the seconds of it where they were counted while it was written. */
export interface Made {
  readonly path: string
  readonly seconds: number | undefined
}

/** Local files and pipes; what a stretch is was seen in its first bytes, and nothing else is tried. */
const guard = ['-protocol_whitelist', 'file,pipe']

/**
 * Muxes strands of one stretch each while they are being written. `finish` is for when they are whole: it resolves to the
 * file, or to undefined when it has to be done again from the files (`mux`). `cancel` gives up.
 */
export function muxAlong(how: MuxHow, formats: readonly Format[], bytes: number): Along {
  const tails = how.strands.map(({ stretches: [stretch] }) => new Tail(stretch?.path ?? '', () => stretch?.bytes ?? 0))
  const inputs = formats.flatMap((format, index) => [...guard, '-f', format, '-i', `pipe:${index + 3}`])
  const out = `${how.out}${how.extension}`
  const clock = clocks(how.strands, formats)
  const work = ffmpeg(
    { ...quietly(how.run), spawn: (tool, args, spawnHow) => how.run.spawn(tool, args, spawnHow) },
    [...clock, ...inputs, ...maps(how), ...muxer(how.extension, front(how, bytes)), `file:${out}`],
    { inputs: tails.map(({ stream }) => stream) },
  ).then(
    // A clock that is kept does not begin at zero.
    (seconds) => ({ path: out, seconds: clock.length === 0 ? seconds : undefined }),
    (thrown: unknown) => {
      how.run.signal.throwIfAborted()
      if (!isFault(thrown, 'process.failed')) throw thrown
      return undefined
    },
  )
  work.catch(() => undefined) // `finish` tells
  const end = () => tails.forEach((tail) => tail.end())
  return {
    grew: () => tails.forEach((tail) => tail.grew()),
    async finish() {
      end()
      return await work
    },
    async cancel() {
      end()
      await work.catch(() => undefined) // what it made is thrown away
      await rm(out, { force: true })
    },
  }
}

export interface Along {
  grew(): void
  finish(): Promise<Made | undefined>
  cancel(): Promise<void>
}

/** Muxes what is whole into one file. Stretches come out one after the other, with continuous time. */
export async function mux(how: MuxHow): Promise<Made> {
  const strands = how.strands.map((strand) => ({
    ...strand,
    stretches: strand.stretches.filter(({ bytes }) => bytes > 0),
  }))
  const filled = strands.filter(({ stretches }) => stretches.length > 0)
  if (filled.length === 0) throw new Fault('source.no-media', { reason: 'the stream holds nothing' })
  const inputs = await inputsOf({ ...how, strands: filled })
  const whole = { ...how, strands: inputs.strands }
  for (const extension of new Set([how.extension, filled.some(({ kind }) => kind !== 'audio') ? '.mkv' : '.mka'])) {
    const out = `${how.out}${extension}`
    const args = [...inputs.args, ...maps(whole), ...muxer(extension, ['-movflags', '+faststart']), `file:${out}`]
    try {
      await ffmpeg(how.run, args, { seconds: how.seconds })
      for (const path of inputs.made) await rm(path, { force: true })
      return { path: out, seconds: undefined }
    } catch (thrown) {
      await rm(out, { force: true })
      if (!isFault(thrown, 'process.failed') || extension !== how.extension) throw thrown
    }
  }
  throw new Fault('process.failed', { reason: 'no container holds it' })
}

interface Inputs {
  readonly args: readonly string[]
  readonly strands: readonly Strand[]
  /** Files on the way, as large as what they are made of. */
  readonly made: readonly string[]
}

/** Where each stretch is a file of its own: one file of both strands for each, then all of them in a row. */
async function inputsOf(how: MuxHow): Promise<Inputs> {
  const { strands, dir } = how
  const formats = await Promise.all(strands.map(({ stretches }) => Promise.all(stretches.map(formatOfStretch))))
  const counts = strands.map(({ stretches }) => stretches.length)
  if (counts.every((count) => count === 1)) {
    const firsts = formats.map(([format]) => format ?? 'mpegts')
    const args = strands.flatMap(({ stretches: [stretch] }, index) => [
      ...guard,
      '-f',
      firsts[index] ?? '',
      '-i',
      `file:${stretch?.path}`,
    ])
    return { args: [...clocks(strands, firsts), ...args], strands, made: [] }
  }
  const [first] = strands
  if (strands.length === 1 && first) return { args: await inARow(dir, 'row', first.stretches), strands, made: [] }
  if (counts.some((count) => count !== counts[0])) {
    const rows = await Promise.all(strands.map(({ stretches }, index) => inARow(dir, `row${index}`, stretches, true)))
    return { args: rows.flat(), strands, made: [] }
  }
  const joined: Stretch[] = []
  for (const index of (first?.stretches ?? []).keys()) {
    const some = strands.map((strand) => ({ ...strand, stretches: strand.stretches.slice(index, index + 1) }))
    const path = join(dir, `joined-${index}.nut`)
    const { args } = await inputsOf({ ...how, strands: some })
    await ffmpeg(quietly(how.run), [...args, ...maps({ ...how, strands: some }), '-f', 'nut', `file:${path}`])
    joined.push({ path, bytes: 1, seconds: some[0]?.stretches[0]?.seconds ?? 0 })
  }
  const made = joined.map(({ path }) => path)
  return { args: await inARow(dir, 'row', joined), strands: [{ kind: 'muxed', stretches: joined }], made }
}

/** ffmpeg's list of files that follow each other. `isTimed`: each takes the time that the manifest says. */
async function inARow(dir: string, name: string, stretches: readonly Stretch[], isTimed = false): Promise<string[]> {
  const path = join(dir, `${name}.ffconcat`)
  const lines = stretches.flatMap(({ path: part, seconds }) => [
    `file 'file:${part.replaceAll("'", String.raw`'\''`)}'`,
    ...(isTimed ? [`duration ${seconds.toFixed(6)}`] : []),
  ])
  await writeFile(path, ['ffconcat version 1.0', ...lines, ''].join('\n'))
  const formats = 'concat,mpegts,mov,matroska,aac,mp3,ac3,eac3,nut'
  return [...guard, '-f', 'concat', '-safe', '0', '-format_whitelist', formats, '-i', `file:${path}`]
}

async function formatOfStretch({ path }: Stretch): Promise<Format> {
  const format = await formatOfFile(path)
  if (format === undefined)
    throw new Fault('source.malformed', { reason: 'its segments are neither sound nor picture' })
  return format
}

/** Strands that tell the same time keep it, so that sound that begins later than its picture stays later. */
function clocks(strands: readonly Strand[], formats: readonly Format[]): readonly string[] {
  const isShared = strands.length > 1 && new Set(formats).size === 1 && ['mpegts', 'mov'].includes(formats[0] ?? '')
  return isShared ? ['-copyts'] : []
}

function maps({ strands }: Pick<MuxHow, 'strands'>): readonly string[] {
  const isTogether = strands.length > 1
  const each = strands.flatMap(({ kind }, index) => {
    const picture = kind === 'audio' ? [] : ['-map', `${index}:V:0?`]
    return [...picture, ...(kind === 'video' && isTogether ? [] : ['-map', `${index}:a?`])]
  })
  const languages = strands
    .filter(({ kind }) => kind !== 'video')
    .flatMap(({ language }, index) =>
      language === undefined ? [] : [`-metadata:s:a:${index}`, `language=${threeLetters(language)}`],
    )
  const first = strands.length > 1 ? ['-avoid_negative_ts', 'make_zero'] : []
  return [...each, '-c', 'copy', ...first, ...languages]
}

function muxer(extension: string, movFlags: readonly string[]): readonly string[] {
  const name = { '.mp4': 'mp4', '.m4a': 'mp4', '.mkv': 'matroska', '.mka': 'matroska', '.webm': 'webm' }[extension]
  if (name === 'mp4') return [...movFlags, '-f', 'mp4']
  return name === undefined ? [] : ['-f', name]
}

/**
 * How the index comes to the front of an MP4. Room for it is left where that is a small part of the file; else the file
 * is written a second time. Per second: 60 pictures and 50 pieces of sound with up to 24 and 20 bytes each, twice over.
 */
function front({ seconds }: MuxHow, bytes: number): readonly string[] {
  const room = Math.ceil(64 * 1024 + seconds * 2440)
  return bytes > room * 100 ? ['-moov_size', String(room)] : ['-movflags', '+faststart']
}

function quietly(run: ToolRun): ToolRun {
  return { signal: run.signal, spawn: (...all) => run.spawn(...all), report: () => undefined }
}

import { Fault } from '@jackdaw/contract/faults.ts'
import type { Asset, MediaFacts } from '@jackdaw/contract/nouns/asset.ts'
import type { Stream } from './containers.ts'
import { isPicture, isReadable } from './input.ts'
import { probeFile } from './probe.ts'
import type { ToolRun } from './work.ts'

export interface MediaFile extends Asset {
  readonly path: string
}

/** Facts of a file that has streams. */
export interface Known extends MediaFacts {
  readonly streams: Stream[]
}

/** Whether an asset is the sound or film itself, as far as its type says: no cover, no subtitles, no picture. */
export function isFilmOrSound({ type, role }: Pick<Asset, 'type' | 'role'>): boolean {
  return role === undefined && isReadable(type) && !isPicture(type)
}

export interface NotingRun extends ToolRun {
  note(file: MediaFile, facts: MediaFacts): void
}

/**
 * What is known of a file; ffprobe is started only where nobody has looked before, and what it says is noted for the steps
 * that follow. Faults: `process.not-media`.
 */
export async function lookInto(file: MediaFile, run: NotingRun): Promise<Known> {
  const isKnown = file.facts?.streams !== undefined
  const known = isKnown ? file.facts : await probeFile(file.path, file.type, run)
  if (known?.streams === undefined) throw new Fault('process.not-media', { name: file.name })
  if (!isKnown) run.note(file, known)
  return { ...known, streams: known.streams }
}

export function filmsOf({ streams }: Known): readonly Stream[] {
  return streams.filter(({ kind }) => kind === 'video')
}

export function soundsOf({ streams }: Known): readonly Stream[] {
  return streams.filter(({ kind }) => kind === 'audio')
}

/** Its length in seconds. Faults: `process.failed` where nobody knows it. */
export function lengthOf(known: Known, name: string): number {
  if (known.durationSeconds !== undefined) return known.durationSeconds
  throw new Fault('process.failed', { name, reason: 'nobody knows how long it is, so it cannot be divided' })
}

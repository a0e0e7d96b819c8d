import { Fault } from '@jackdaw/contract/faults.ts'
import { misfits, type ContainerName, type Stream } from '#kernel/ffmpeg/containers.ts'
import { filmsOf, soundsOf, type Known } from '#kernel/ffmpeg/media.ts'
import type { LocalAsset } from '#pipeline/engine.ts'

/** A file that goes into another, and what is in it. */
export interface Piece {
  readonly asset: LocalAsset
  readonly known: Known
}

export interface Merged {
  readonly path: string
  readonly name: string
}

/** What cannot be put together, in words. */
export function cannotMerge(reason: string): Fault {
  return new Fault('process.failed', { reason })
}

/** Faults: `process.failed` naming the codecs that a container cannot have. */
export function mustHold(container: ContainerName, streams: readonly Stream[]): void {
  const unfit = misfits(container, streams)
  if (unfit.length === 0) return
  const codecs = [...new Set(unfit.map(({ codec }) => codec))].join(', ')
  throw cannotMerge(`${container} cannot hold ${codecs} as it is; take mkv`)
}

/** The one with the picture, and the sounds in the order in which they came. Faults: `process.failed` with two pictures. */
export function sortPieces(pieces: readonly Piece[]): {
  readonly film: Piece | undefined
  readonly sounds: readonly Piece[]
} {
  const films = pieces.filter(({ known }) => filmsOf(known).length > 0)
  if (films.length > 1) {
    const names = films.map(({ asset }) => asset.name).join(' and ')
    throw cannotMerge(`${names} both have a picture; the mode concat puts them one after another`)
  }
  return { film: films[0], sounds: pieces.filter((piece) => piece !== films[0]) }
}

/** What must be the same for a copy of one after another to play: codecs, sizes and sound formats, stream by stream. */
export function shapeOf({ known }: Piece): string {
  const of = ({ codec, width, height, channels, sampleRate }: Stream) =>
    [codec, width, height, channels, sampleRate].filter((value) => value !== undefined).join('/')
  return [...filmsOf(known), ...soundsOf(known)].map(of).join(' + ')
}

import { carry, containerFor, misfits, muxed, nameIn, type ContainerName } from '#kernel/ffmpeg/containers.ts'
import { mediaInput } from '#kernel/ffmpeg/input.ts'
import { languageOfName, threeLetters } from '#kernel/ffmpeg/language.ts'
import { filmsOf, soundsOf } from '#kernel/ffmpeg/media.ts'
import { ffmpeg } from '#kernel/ffmpeg/work.ts'
import type { Place } from '#kernel/outputs.ts'
import type { Run } from '#pipeline/engine.ts'
import { sortPieces, type Merged, type Piece } from './pieces.ts'

/**
 * Picture and sounds in one file by copy, as long as the longest of them: a sound that runs on for a moment is no reason to
 * cut either. Names and tags are those of the picture; a sound without a language takes the one in its name (`x.de.m4a`).
 */
export async function joinTracks(
  pieces: readonly Piece[],
  asked: ContainerName | undefined,
  run: Run<unknown>,
  at: Place,
): Promise<Merged> {
  const { film, sounds } = sortPieces(pieces)
  const ordered = film === undefined ? sounds : [film, ...sounds]
  const [first] = ordered
  if (first === undefined) throw new RangeError('there are pieces')
  const heard = ordered.flatMap(({ known }) => [...filmsOf(known), ...soundsOf(known)])
  const best = film === undefined && heard.length > 1 ? soundsFor(heard) : containerFor(heard)
  // What a site calls its media is a hint, and no reason to lose what was fetched.
  const container = asked !== undefined && misfits(asked, heard).length === 0 ? asked : best

  const args: string[] = []
  let count = 0
  for (const [input, { asset, known }] of ordered.entries()) {
    const carried = carry(known.streams, container, input, count)
    args.push(...carried.args)
    const language = languageOfName(asset.name)
    if (input > 0 && language !== undefined && soundsOf(known)[0]?.language === undefined) {
      args.push(`-metadata:s:${count}`, `language=${threeLetters(language)}`)
    }
    count += carried.count
  }
  const path = at(`${first.asset.id}.merged.${container}`)
  const inputs = ordered.flatMap(({ asset }) => mediaInput(asset.path, asset.type))
  const seconds = Math.max(...ordered.map(({ known }) => known.durationSeconds ?? 0)) || undefined
  await ffmpeg(run, [...inputs, ...args, ...muxed(container, path)], { seconds })
  return { path, name: nameIn(container, first.asset.name) }
}

/** Several sounds and no picture. */
function soundsFor(heard: Parameters<typeof containerFor>[0]): ContainerName {
  return heard.every(({ codec }) => codec === 'aac' || codec === 'alac') ? 'm4a' : 'mka'
}

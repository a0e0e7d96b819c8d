import { writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { carry, containerOf, containers, muxed, nameIn, type Container } from '#kernel/ffmpeg/containers.ts'
import { encoderLike, requireEncoders } from '#kernel/ffmpeg/encoders.ts'
import { mediaInput } from '#kernel/ffmpeg/input.ts'
import { languageOfName, threeLetters } from '#kernel/ffmpeg/language.ts'
import { filmsOf, type Known } from '#kernel/ffmpeg/media.ts'
import { ffmpeg } from '#kernel/ffmpeg/work.ts'
import type { Place } from '#kernel/outputs.ts'
import type { LocalAsset, Run } from '#pipeline/engine.ts'
import type { Cue } from './cues.ts'
import { formats } from './write.ts'

/** Subtitles that were read and cleaned. */
export interface Words {
  readonly asset: LocalAsset
  readonly cues: readonly Cue[]
}

export interface Film {
  readonly asset: LocalAsset
  readonly known: Known
  readonly words: readonly Words[]
  /** Seconds of earlier films. */
  readonly after: number
}

/** Subtitles as tracks of the film, by copy of everything else; a container that knows none becomes a Matroska file. */
export async function embed({ asset, known, words, after }: Film, run: Run<unknown>, at: Place): Promise<LocalAsset> {
  const own = containerOf(known)
  const container: Container = containers[own]
  const into = container.text === undefined ? 'mkv' : own
  const { text: coder = 'subrip' }: Container = containers[into]
  const carried = carry(known.streams, into)
  const before = known.streams.filter(({ kind }) => kind === 'subtitle').length
  const inputs: string[] = []
  const tracks: string[] = []
  for (const [index, { asset: text, cues }] of words.entries()) {
    const path = at(`${text.id}.clean.srt`)
    await writeFile(path, formats.srt.write(cues))
    inputs.push('-protocol_whitelist', 'file', '-f', 'srt', '-i', `file:${path}`)
    const number = carried.count + index
    const language = languageOfName(text.name)
    tracks.push('-map', `${index + 1}:0`, `-c:${number}`, coder)
    if (language !== undefined) tracks.push(`-metadata:s:${number}`, `language=${threeLetters(language)}`)
    // One that is shown unasked is nobody's wish where there are several.
    if (index + before > 0) tracks.push(`-disposition:${number}`, '0')
  }
  const path = at(`${asset.id}.subs.${into}`)
  const args = [...mediaInput(asset.path, asset.type), ...inputs, ...carried.args, ...tracks]
  const seconds = known.durationSeconds
  await ffmpeg(run, [...args, '-map_metadata', '0', '-map_chapters', '0', ...muxed(into, path)], { seconds, after })
  return await run.keep(path, { name: nameIn(into, asset.name) })
}

/** The first subtitles drawn into the picture; the sound is copied. */
export async function burn({ asset, known, words, after }: Film, run: Run<unknown>, at: Place): Promise<LocalAsset> {
  const [first] = words
  const [film] = filmsOf(known)
  if (first === undefined || film === undefined) return asset
  const { encoder, args } = encoderLike(film.codec, 'video')
  await requireEncoders(run, [encoder])
  const container = containerOf(known)
  const text = at(`${first.asset.id}.burn.srt`)
  await writeFile(text, formats.srt.write(first.cues))
  const path = at(`${asset.id}.burnt.${container}`)
  const sounds = known.streams.map((stream) =>
    stream.kind === 'audio' ? stream : { ...stream, kind: 'data' as const },
  )
  // A filter takes a name, not a path, which would have to be quoted three times over: ffmpeg works in that folder.
  const picture = ['-map', '0:V:0', '-c:v', encoder, ...args, '-vf', `subtitles=filename=${basename(text)}`]
  await ffmpeg(
    run,
    [
      ...mediaInput(asset.path, asset.type),
      ...picture,
      ...carry(sounds, container, 0, 1).args,
      ...muxed(container, path),
    ],
    { seconds: known.durationSeconds, after, cwd: dirname(text) },
  )
  return await run.keep(path, { name: nameIn(container, asset.name) })
}

import { readFile, writeFile } from 'node:fs/promises'
import { carry, containerOf, containers, muxed, nameIn, type Container } from '#kernel/ffmpeg/containers.ts'
import { mediaInput } from '#kernel/ffmpeg/input.ts'
import { threeLetters } from '#kernel/ffmpeg/language.ts'
import { soundsOf, type Known } from '#kernel/ffmpeg/media.ts'
import { ffmpeg } from '#kernel/ffmpeg/work.ts'
import type { Place } from '#kernel/outputs.ts'
import type { LocalAsset, Run } from '#pipeline/engine.ts'
import type { MetadataOptions } from './options.ts'
import { metadataFile, pictureComment, tagsOf } from './tags.ts'

export interface Inscription {
  readonly asset: LocalAsset
  readonly known: Known
  readonly options: MetadataOptions
  readonly cover: LocalAsset | undefined
  /** Seconds of earlier files. */
  readonly after: number
}

/** Whether the container of a file has a place for a cover. */
export function holdsCover(known: Known): boolean {
  const container: Container = containers[containerOf(known)]
  return container.covers !== undefined || container.attachments === true || isOgg(known)
}

/** The same file with other tags, chapters or cover, in one start of ffmpeg. */
export async function inscribe(task: Inscription, run: Run<unknown>, at: Place): Promise<LocalAsset> {
  const { asset, known, options, cover, after } = task
  const container = containerOf(known)
  // One cover is enough: a new one takes the place of the old.
  const isCover = (codec: string) => ['mjpeg', 'png', 'bmp', 'gif', 'webp'].includes(codec)
  const streams = known.streams.map((stream) =>
    stream.kind === 'attachment' && isCover(stream.codec) && (cover !== undefined || options.strip)
      ? { ...stream, kind: 'data' as const }
      : stream,
  )
  const carried = carry(streams, container)
  const placed = cover && (await placeCover(cover, known, carried.count, run, at))
  const text = at(`${asset.id}.ffmeta`)
  await writeFile(text, metadataFile(options.chapters, known.durationSeconds, placed?.comments))
  const written = ['-protocol_whitelist', 'file', '-f', 'ffmetadata', '-i', `file:${text}`]
  const inputs = [...mediaInput(asset.path, asset.type), ...written, ...(placed?.input ?? [])]
  const ogg = isOgg(known)
  const path = at(`${asset.id}.tags.${container}`)
  const output = [
    ...carried.args,
    ...(placed?.output ?? []),
    ...sources(options, ogg),
    ...(options.strip ? languages(known, carried.args) : []),
    // A comment of Ogg belongs to the sound.
    ...tagsOf(options).flatMap(([name, value]) => [ogg ? '-metadata:s:a:0' : '-metadata', `${name}=${value}`]),
  ]
  const seconds = known.durationSeconds
  await ffmpeg(run, [...inputs, ...output, ...muxed(container, path)], { seconds, after })
  return await run.keep(path, { name: nameIn(container, asset.name) })
}

/** Where tags and chapters come from: input 0 is the file, 1 what is written into it. */
function sources({ strip, chapters }: MetadataOptions, ogg: boolean): readonly string[] {
  const chaptersFrom = chapters !== undefined ? '1' : strip ? '-1' : '0'
  const old = strip ? ['-map_metadata', '-1', '-map_metadata:s', '-1'] : ['-map_metadata', '0']
  const comments = ogg ? [...(strip ? [] : ['-map_metadata:s:a:0', '0:s:a:0']), '-map_metadata:s:a:0', '1:g'] : []
  return [...old, ...comments, '-map_chapters', chaptersFrom]
}

/** Which language a sound is in is no secret, and films without it are hard to use. */
function languages({ streams }: Known, args: readonly string[]): readonly string[] {
  const kept = args.flatMap((arg, index) => (args[index - 1] === '-map' ? [Number(arg.split(':')[1])] : []))
  return kept.flatMap((from, to) => {
    const language = streams[from]?.language
    return language === undefined ? [] : [`-metadata:s:${to}`, `language=${threeLetters(language)}`]
  })
}

interface Placed {
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly comments: readonly (readonly [string, string])[]
}

/** A cover in the way of each container: a picture stream, an attachment, or a comment. `number` is its stream's. */
async function placeCover(
  cover: LocalAsset,
  known: Known,
  number: number,
  run: Run<unknown>,
  at: Place,
): Promise<Placed> {
  const { signal } = run
  const container: Container = containers[containerOf(known)]
  // ffmpeg writes no pictures into Ogg, but copies comments, and a picture is one there.
  if (isOgg(known)) {
    const { path, type } = await asStill(cover, run, at)
    return { input: [], output: [], comments: [pictureComment(await readFile(path, { signal }), type)] }
  }
  if (container.attachments) {
    const { path, type } = await asStill(cover, run, at)
    // Players look for this name (Matroska, cover art guidelines).
    const named = `filename=cover.${type === 'image/png' ? 'png' : 'jpg'}`
    const tags = [`-metadata:s:${number}`, `mimetype=${type}`, `-metadata:s:${number}`, named]
    return { input: [], output: ['-attach', `file:${path}`, ...tags], comments: [] }
  }
  // JPEG and PNG by copy, everything else as a JPEG in the same start.
  const jpeg = ['mjpeg', `-q:${number}`, '3', `-pix_fmt:${number}`, 'yuvj420p']
  const stream = ['-map', '2:v:0', `-c:${number}`, ...(isStill(cover.type) ? ['copy'] : jpeg), `-frames:${number}`, '1']
  // Players of MP3 look for these words.
  const words = [`-metadata:s:${number}`, 'title=Album cover', `-metadata:s:${number}`, 'comment=Cover (front)']
  const output = [...stream, `-disposition:${number}`, 'attached_pic', ...words]
  return { input: mediaInput(cover.path, cover.type), output, comments: [] }
}

function isStill(type: string): boolean {
  return type === 'image/jpeg' || type === 'image/png'
}

async function asStill(cover: LocalAsset, run: Run<unknown>, at: Place): Promise<{ path: string; type: string }> {
  if (isStill(cover.type)) return cover
  const path = at(`${cover.id}.cover.jpg`)
  const one = ['-map', '0:v:0', '-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '3', '-pix_fmt', 'yuvj420p']
  await ffmpeg(run, [
    ...mediaInput(cover.path, cover.type),
    ...one,
    '-fflags',
    '+bitexact',
    '-f',
    'mjpeg',
    `file:${path}`,
  ])
  return { path, type: 'image/jpeg' }
}

function isOgg(known: Known): boolean {
  const container = containerOf(known)
  return (container === 'ogg' || container === 'opus') && soundsOf(known).length > 0
}

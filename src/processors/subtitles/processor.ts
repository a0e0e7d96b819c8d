import { readFile, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Asset } from '@jackdaw/contract/nouns/asset.ts'
import { Clip } from '@jackdaw/contract/nouns/options.ts'
import { filmsOf, isFilmOrSound, lookInto } from '#kernel/ffmpeg/media.ts'
import { safeName, splitName } from '#kernel/names.ts'
import { withOutputs, type Place } from '#kernel/outputs.ts'
import type { LocalAsset, Processor, Run } from '#pipeline/engine.ts'
import { parseCues, shifted, within } from './cues.ts'
import { decodeText } from './decode.ts'
import { burn, embed, type Words } from './embed.ts'
import { formats } from './write.ts'

export const SubtitlesOptions = z.object({
  as: z
    .enum(['embed', 'files'])
    .default('embed')
    .describe('inside the film as tracks to switch on, or files beside it'),
  format: z.enum(['srt', 'vtt', 'ass']).default('srt').describe('of the files'),
  offsetSeconds: z.number().min(-86_400).max(86_400).default(0).describe('show them so much later; negative: earlier'),
  ranges: z
    .array(Clip)
    .max(100)
    .optional()
    .describe('the stretches to which the film was cut, as given to trim: the subtitles are cut alike'),
  burn: z.boolean().default(false).describe('draw the first of them into the picture, which encodes anew'),
})
export type SubtitlesOptions = z.infer<typeof SubtitlesOptions>

/**
 * Puts subtitles into the film they belong to, or beside it in the format asked for. Whatever they were, they are cleaned:
 * words, line ends, bold, italic and underlined. Files without any words are left out. Faults: `process.failed`.
 */
export const subtitles: Processor<SubtitlesOptions, unknown> = {
  name: 'subtitles',
  title: 'Subtitles: converted, moved in time, embedded, beside or drawn in',
  tools: ['ffmpeg', 'ffprobe'],
  options: SubtitlesOptions,
  checkpoint: z.unknown(),
  accepts: (asset) => isSubtitle(asset) || isFilmOrSound(asset),
  process: (assets, options, run) =>
    withOutputs(run, async (at) => {
      const texts: Words[] = []
      for (const asset of assets.filter(isSubtitle)) {
        run.signal.throwIfAborted()
        const words = await read(asset, options, run)
        if (words !== undefined) texts.push(words)
      }
      const media = assets.filter((asset) => !isSubtitle(asset))
      const cut = cutAlike(texts, media, options)
      texts.splice(0, texts.length, ...cut)
      const wantsFilms = options.as === 'embed' || options.burn
      const made: LocalAsset[] = []
      const placed = new Set<Words>()
      let after = 0
      for (const asset of media) {
        run.signal.throwIfAborted()
        const known = wantsFilms && texts.length > 0 ? await lookInto(asset, run) : undefined
        const own = known === undefined || filmsOf(known).length === 0 ? [] : wordsFor(asset, texts, media)
        if (known === undefined || own.length === 0) {
          made.push(asset)
          continue
        }
        own.forEach((words) => placed.add(words))
        const film = { asset, known, words: own, after }
        made.push(await (options.burn ? burn(film, run, at) : embed(film, run, at)))
        after += known.durationSeconds ?? 0
      }
      for (const words of texts.filter((each) => !placed.has(each))) made.push(await keepFile(words, options, run, at))
      return made
    }),
}

const subtitleTypes = new Set(['text/vtt', 'application/x-subrip', 'text/x-ssa'])

/** The map of a sprite is WebVTT too, and is no subtitles. */
function isSubtitle({ role, type, name }: Pick<Asset, 'role' | 'type' | 'name'>): boolean {
  if (role !== undefined) return role === 'subtitle'
  return subtitleTypes.has(type.split(';')[0] ?? '') && !name.endsWith('.sprite.vtt')
}

/** A film of two hours has 100 kB of subtitles. */
const mostBytes = 20_000_000

async function read(
  asset: LocalAsset,
  { offsetSeconds }: SubtitlesOptions,
  run: Run<unknown>,
): Promise<Words | undefined> {
  if (asset.bytes > mostBytes) {
    throw new Fault('process.failed', { reason: `${asset.name} has ${asset.bytes} bytes, too many for subtitles` })
  }
  const cues = shifted(parseCues(decodeText(await readFile(asset.path, { signal: run.signal }))), offsetSeconds)
  if (cues.length > 0) return { asset, cues }
  run.log({ asset: asset.id }, 'no words in these subtitles')
  return undefined
}

/** The texts as the film was cut: one after the other into one film, or into as many films as there are stretches. */
function cutAlike(
  texts: readonly Words[],
  media: readonly LocalAsset[],
  { ranges }: SubtitlesOptions,
): readonly Words[] {
  if (ranges === undefined) return texts
  // A player finds them by the name of the film, and that says now which stretch it is.
  const named = (asset: LocalAsset, film: LocalAsset) => `${splitName(film.name).stem}${tailOf(asset.name)}`
  const [only] = media.length === 1 ? media : []
  const apart = ranges.length > 1 && media.length === ranges.length
  const pieces = apart
    ? texts.flatMap(({ asset, cues }) =>
        media.map((film, at) => ({
          asset: { ...asset, id: `${asset.id}-${at}`, name: named(asset, film) },
          cues: within(cues, ranges.slice(at, at + 1)),
        })),
      )
    : texts.map(({ asset, cues }) => ({
        asset: only === undefined ? asset : { ...asset, name: named(asset, only) },
        cues: within(cues, ranges),
      }))
  return pieces.filter(({ cues }) => cues.length > 0)
}

/** `.en.srt` of `A film.en.srt`. */
function tailOf(name: string): string {
  return /(?:\.[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*)?\.[A-Za-z]+$/.exec(name)?.[0] ?? ''
}

/** All of them when there is one film; else those whose name begins with the film's. */
function wordsFor(film: LocalAsset, texts: readonly Words[], media: readonly LocalAsset[]): readonly Words[] {
  if (media.length === 1) return texts
  const { stem } = splitName(film.name)
  return texts.filter(({ asset }) => asset.name.startsWith(`${stem}.`))
}

async function keepFile(words: Words, options: SubtitlesOptions, run: Run<unknown>, at: Place): Promise<LocalAsset> {
  const { extension, type, write } = formats[options.format]
  const path = at(`${words.asset.id}${extension}`)
  await writeFile(path, write(words.cues))
  const name = safeName(`${splitName(words.asset.name).stem}${extension}`)
  return await run.keep(path, { name, type, role: 'subtitle' })
}

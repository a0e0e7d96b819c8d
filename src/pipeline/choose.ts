import { Fault } from '@jackdaw/contract/faults.ts'
import type { Choice, Media, Part } from '@jackdaw/contract/nouns/media.ts'
import type { JobOptions } from '@jackdaw/contract/nouns/options.ts'

/** What of the options decides which choice is taken. */
export type Wanted = Pick<JobOptions, 'quality' | 'audio' | 'language' | 'maxBytes' | 'choice'>

/** Without sound of its own, a picture of at most so many lines is taken for its sound: more would be fetched for nothing. */
const linesForSound = 720

/**
 * The choice that fits what is wanted, and why, for people; undefined when there is nothing to choose. Pure.
 * Throws `input.unknown` for a choice that is not there.
 */
export function choose(
  choices: readonly Choice[],
  wanted: Wanted,
): { readonly choice: Choice; readonly why: string } | undefined {
  const [first] = choices
  if (first === undefined) return undefined
  if (wanted.choice !== undefined) {
    const choice = choices.find(({ id }) => id === wanted.choice)
    if (!choice) {
      const there = choices.slice(0, 10).map(({ id }) => id)
      const all = `${there.join(', ')}${choices.length > there.length ? ', …' : ''}`
      throw new Fault('input.unknown', { noun: 'choice', id: `${wanted.choice} (there are ${all})` })
    }
    return { choice, why: 'you chose it' }
  }
  const spoken = inLanguage(choices, wanted.language ?? [])
  const small = spoken.filter(
    ({ bytes }) => wanted.maxBytes === undefined || bytes === undefined || bytes <= wanted.maxBytes,
  )
  const fitting = small.length > 0 ? small : [spoken.reduce((a, b) => ((b.bytes ?? 0) < (a.bytes ?? 0) ? b : a))]
  const tight = small.length > 0 && small.length < spoken.length ? ', the best that is small enough' : ''
  if (wanted.audio !== undefined) {
    const sounds = fitting.filter(({ kind }) => kind === 'audio')
    const sound = best(
      sounds.length > 0 ? sounds : fitting.filter(({ height }) => (height ?? 0) <= linesForSound),
      soundOrder,
    )
    return { choice: sound ?? fitting[0] ?? first, why: `only the sound${tight}` }
  }
  const pictures = fitting.filter(({ kind }) => kind !== 'audio')
  const among = pictures.length > 0 ? pictures : fitting
  const { quality = 'best' } = wanted
  if (quality === 'worst') return { choice: best(among, (a, b) => pictureOrder(b, a)) ?? first, why: 'the smallest' }
  if (quality === 'best') return { choice: best(among, pictureOrder) ?? first, why: `the best${tight}` }
  // A picture that was filmed upright is known by its shorter side: 1080x1920 is "1080".
  const low = among.filter((choice) => linesOf(choice) <= quality)
  if (low.length > 0)
    return { choice: best(low, pictureOrder) ?? first, why: `the best of at most ${quality} lines${tight}` }
  const lowest = Math.min(...among.map(linesOf))
  const nearest = among.filter((choice) => linesOf(choice) === lowest)
  return { choice: best(nearest, pictureOrder) ?? first, why: `there is none of at most ${quality} lines` }
}

/** The subtitles that were asked for: by language, made by people rather than by machines. Pure. */
export function chosenSubtitles(media: Pick<Media, 'subtitles'>, subs: JobOptions['subs']): Part[] {
  const there = media.subtitles ?? []
  if (subs === undefined || there.length === 0) return []
  const found = subs.flatMap((language) => {
    if (language === 'all') return there.filter(({ automatic }) => !automatic)
    const match = there.filter((one) => speaks(one.language, language))
    const exact = match.filter((one) => one.language.toLowerCase() === language.toLowerCase())
    const [one] = (exact.length > 0 ? exact : match).toSorted((a, b) => Number(a.automatic) - Number(b.automatic))
    return one ? [one] : []
  })
  return [...new Set(found)].map(({ part, language }) => ({ ...part, role: 'subtitle' as const, language }))
}

/** `en` speaks for `en-US`. */
function speaks(language: string | undefined, wanted: string): boolean {
  const [has, want] = [(language ?? '').toLowerCase().replace('_', '-'), wanted.toLowerCase().replace('_', '-')]
  return has === want || has.startsWith(`${want}-`)
}

/** Those in the first of these languages that there is; all when there is none. */
function inLanguage(choices: readonly Choice[], languages: readonly string[]): readonly Choice[] {
  for (const language of languages) {
    const found = choices.filter((choice) => speaks(choice.language, language))
    if (found.length > 0) return found
  }
  return choices
}

function linesOf({ width, height }: Choice): number {
  return width !== undefined && height !== undefined ? Math.min(width, height) : (height ?? 0)
}

/** Better comes first; where nothing tells them apart, the order of the source stays. */
function pictureOrder(a: Choice, b: Choice): number {
  return linesOf(b) - linesOf(a) || Math.round(b.framesPerSecond ?? 0) - Math.round(a.framesPerSecond ?? 0) || 0
}

function soundOrder(a: Choice, b: Choice): number {
  return (b.bitrate ?? 0) - (a.bitrate ?? 0)
}

/** The first by an order that keeps equals as they are. */
function best(choices: readonly Choice[], order: (a: Choice, b: Choice) => number): Choice | undefined {
  return choices.toSorted(order)[0]
}

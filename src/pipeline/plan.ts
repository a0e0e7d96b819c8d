import { isDeepStrictEqual } from 'node:util'
import type { Choice, Media, Part } from '@jackdaw/contract/nouns/media.ts'
import type { JobOptions } from '@jackdaw/contract/nouns/options.ts'
import type { RecipeStep } from '@jackdaw/contract/nouns/recipe.ts'
import { withoutMediaExtension } from '#kernel/media-name.ts'
import { chosenSubtitles } from './choose.ts'
import { inOrder } from './order.ts'
import type { NewStep } from './queue.ts'

export interface PlanFor {
  readonly media: Media
  /** The choice that was taken, when there was one. */
  readonly choice?: Choice | undefined
  readonly options?: JobOptions
  readonly recipe: { readonly name: string; readonly steps: readonly RecipeStep[] }
  /** `name` or `name:place`. */
  readonly destinations: readonly string[]
  /** Assets that are the same thing: nothing is fetched then. Those in the scratch of a machine bind the steps to it. */
  readonly reuse: { readonly assets: readonly string[]; readonly machine?: string } | undefined
  /** Steps of an earlier try of the same job, whose checkpoints are taken over where the input is still the same. */
  readonly earlier: readonly EarlierStep[]
  readonly newId: () => string
  /** Index of the first step; 1 unless others stand before. */
  readonly from?: number
}

export interface EarlierStep {
  readonly index: number
  readonly engine: string
  readonly input: unknown
  readonly checkpoint: unknown
  readonly machine: string | null
}

/** The steps that turn this media into deliveries: a fetch per part, the processing, a delivery per destination. Pure. */
export function plan(how: PlanFor): NewStep[] {
  const { media, choice, options = {}, destinations, reuse, earlier, newId, from = 1 } = how
  const steps: NewStep[] = []
  // What was stored has lost its undefined fields; so does what it is compared with.
  const asStored = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
  const add = (step: Omit<NewStep, 'id' | 'index' | 'waits' | 'machine' | 'checkpoint'>): string => {
    const index = from + steps.length
    // Wherever it stood: a step before it may be new.
    const before = earlier.find(
      (old) => old.engine === step.engine && isDeepStrictEqual(lasting(old.input), lasting(asStored(step.input))),
    )
    const id = newId()
    steps.push({
      ...step,
      id,
      index,
      waits: step.after.length,
      machine: before?.machine ?? reuse?.machine ?? null,
      checkpoint: before?.checkpoint ?? null,
    })
    return id
  }

  let last: readonly string[] = []
  if (reuse === undefined) {
    const processing = processingSteps(how)
    const parts = [...media.parts, ...(choice?.parts ?? []), ...chosenSubtitles(media, options.subs)]
    const embeds = processing.some(({ use }) => use === 'metadata')
    if (media.cover && embeds) parts.push({ ...media.cover, role: 'cover' })
    last = parts.map((part) =>
      add({
        kind: 'fetch',
        engine: part.transport,
        label: part.role ?? 'fetch',
        site: part.site,
        input: { part: named(part, options.prefix) },
        after: [],
        // A film without its subtitles or its picture is still the film.
        optional: part.role !== undefined,
      }),
    )
    for (const { use, with: own, only, except, optional } of processing) {
      const input = { options: own, ...(only && { only }), ...(except && { except }) }
      last = [add({ kind: 'process', engine: use, label: labels[use] ?? use, site: '', input, after: last, optional })]
    }
  }
  for (const destination of destinations) {
    const colon = destination.indexOf(':')
    const engine = colon < 0 ? destination : destination.slice(0, colon)
    const to = colon < 0 ? '' : destination.slice(colon + 1)
    add({
      kind: 'deliver',
      engine,
      label: 'deliver',
      site: '',
      input: { to, ...(reuse && { assets: reuse.assets }) },
      after: last,
      optional: false,
    })
  }
  return steps

  function processingSteps({ media: found, recipe: { name, steps: own } }: PlanFor): RecipeStep[] {
    const all: RecipeStep[] = []
    const use = (processor: string, given: RecipeStep['with'] = {}, optional = false) =>
      all.push({ use: processor, with: given, optional })
    const isMedia = [...found.parts, ...(choice?.parts ?? [])].some((part) => mayBeMedia(part.type))
    const main = (choice?.parts ?? []).filter(({ role }) => role === undefined)
    if (main.length > 1) use('merge', choice?.container === undefined ? {} : { container: choice.container })
    // Words must come with the picture that they belong to, and a copy begins at the key frame before.
    const hasSubtitles = options.subs !== undefined && (found.subtitles ?? []).length > 0
    const ranges = options.clips?.map(({ from: start, to }) => ({ from: start, ...(to !== undefined && { to }) }))
    if (ranges) {
      // Who gave a name gets it.
      const label = options.name !== undefined && { label: false }
      use('trim', { ranges, join: options.joinClips ?? false, exact: options.exact ?? hasSubtitles, ...label })
    }
    if (options.audio !== undefined) use('audio', { format: options.audio })
    if (hasSubtitles) use('subtitles', { as: options.subsAs ?? 'embed', ...(ranges && { ranges }) })
    // Of a part of a film the chapters stand elsewhere.
    const chapters = ranges ? undefined : found.about?.chapters
    if (options.audio !== undefined || chapters?.length)
      use('metadata', { ...metadataOf(found), ...(chapters?.length && { chapters }) }, true)
    all.push(...own, ...inOrder(options.steps ?? []))
    if (name !== 'plain' && isMedia) {
      use('probe', {}, true)
      if (destinations.includes('library')) use('thumbnail', {}, true)
    }
    return all
  }
}

/**
 * What of a step's input stays the same when it is planned again: an address that was made for us is another one each
 * time, and whoever fetches sees whether the bytes behind it are.
 */
function lasting(input: unknown): unknown {
  const { part } = (input ?? {}) as { part?: Partial<Part> }
  if (part?.givenAt === undefined) return input
  const { givenAt: _, request: __, ...same } = part
  return same
}

const labels: Readonly<Record<string, string>> = { probe: 'look into' }

/** What is written into a file about itself. */
function metadataOf({ title, about }: Media): RecipeStep['with'] {
  const said = {
    // Of a plain file the title is its name.
    title: withoutMediaExtension(title),
    artist: about?.author,
    date: about?.publishedAt?.slice(0, 10),
    comment: about?.page,
  }
  return Object.fromEntries(Object.entries(said).filter((entry): entry is [string, string] => Boolean(entry[1])))
}

function named(part: Part, prefix: string | undefined): Part {
  return prefix === undefined ? part : { ...part, name: `${prefix}${part.name}` }
}

/** Whether looking into the file is worth starting a program: surely not for archives and documents. */
function mayBeMedia(type: string | undefined): boolean {
  return (
    type === undefined ||
    /^(audio|video|image)\/|^application\/(octet-stream|ogg|mp4|x-matroska|vnd\.rn-realmedia)/.test(type)
  )
}

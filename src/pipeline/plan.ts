import { isDeepStrictEqual } from 'node:util'
import type { Media } from '@jackdaw/contract/nouns/media.ts'
import type { NewStep } from './queue.ts'
import type { RecipeStep } from './recipes.ts'

export interface PlanFor {
  readonly media: Media
  readonly recipe: readonly RecipeStep[]
  /** `name` or `name:place`. */
  readonly destinations: readonly string[]
  /** Assets that are the same thing: nothing is fetched then. Those in the scratch of a machine bind the steps to it. */
  readonly reuse: { readonly assets: readonly string[]; readonly machine?: string } | undefined
  /** Steps of an earlier try of the same job, whose checkpoints are taken over where the input is still the same. */
  readonly earlier: readonly EarlierStep[]
  readonly newId: () => string
}

export interface EarlierStep {
  readonly index: number
  readonly engine: string
  readonly input: unknown
  readonly checkpoint: unknown
  readonly machine: string | null
}

/** The steps that turn this media into deliveries: a fetch per part, the recipe, a delivery per destination. Pure. */
export function plan({ media, recipe, destinations, reuse, earlier, newId }: PlanFor): NewStep[] {
  const steps: NewStep[] = []
  // What was stored has lost its undefined fields; so does what it is compared with.
  const asStored = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
  const add = (step: Omit<NewStep, 'id' | 'index' | 'waits' | 'machine' | 'checkpoint'>): string => {
    // 0 is the resolve step.
    const index = steps.length + 1
    const before = earlier.find(
      (old) => old.index === index && old.engine === step.engine && isDeepStrictEqual(old.input, asStored(step.input)),
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
    last = media.parts.map((part) =>
      add({
        kind: 'fetch',
        engine: part.transport,
        label: 'fetch',
        site: part.site,
        input: { part },
        after: [],
        optional: false,
      }),
    )
    for (const { processor, label, options, optional, needs } of recipe) {
      if (needs === 'library' && !destinations.includes('library')) continue
      if (needs !== undefined && !media.parts.some((part) => mayBeMedia(part.type))) continue
      last = [add({ kind: 'process', engine: processor, label, site: '', input: { options }, after: last, optional })]
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
}

/** Whether looking into the file is worth starting a program: surely not for archives and documents. */
function mayBeMedia(type: string | undefined): boolean {
  return (
    type === undefined ||
    /^(audio|video|image)\/|^application\/(octet-stream|ogg|mp4|x-matroska|vnd\.rn-realmedia)/.test(type)
  )
}

import { createHash } from 'node:crypto'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { Media, type Choice, type Validators } from '@jackdaw/contract/nouns/media.ts'
import { newId } from '#kernel/ids.ts'
import { cleanTitle } from '#kernel/title.ts'
import { earlierSteps, sameAgain } from './assets.ts'
import { choose } from './choose.ts'
import type { Source } from './engine.ts'
import { expand } from './expand.ts'
import { itemsOf } from './items.ts'
import type { JobOfStep } from './job-of-step.ts'
import { optionsFor } from './options-for.ts'
import type { PerformPorts } from './perform-ports.ts'
import { plan } from './plan.ts'
import type { ClaimedStep, StepResult } from './queue.ts'
import { recipeSteps } from './recipes.ts'
import type { OpenedRun } from './run.ts'

/** Asks what is behind the link, and plans what follows: at once, after a choice, or as one job per entry of a list. */
export async function resolve(step: ClaimedStep, job: JobOfStep, ports: PerformPorts): Promise<StepResult> {
  const { options } = job
  // A recipe that is gone is found out before anything is asked.
  const recipe = { name: job.recipe, steps: await recipeSteps(ports.pool, step.account_id, job.recipe) }
  const { run } = await ports.open(undefined)
  const media = await askSources(ports.engines.sources, job, run)
  const said = { title: cleanTitle(media.title) || job.title, ...(media.about && { about: media.about }) }
  const choices = media.choices ?? []
  const isList = isListOf(media)
  const several = isList ? !options.list && options.items === undefined : choices.length > 1
  if (options.chooseSeconds !== undefined && options.choice === undefined && several) {
    const until = new Date(Date.now() + options.chooseSeconds * 1000).toISOString()
    return {
      output: [],
      ...said,
      asked: { media, choices: isList ? (media.entries ?? []).length : choices.length, until },
      plan: [
        {
          id: newId(),
          index: step.index + 1,
          kind: 'resolve',
          engine: 'choose',
          label: 'choose',
          site: '',
          input: {},
          after: [],
          waits: 0,
          optional: false,
          machine: null,
          checkpoint: null,
          readyAt: until,
        },
      ],
    }
  }
  if (isList) return { output: [], ...said, ...(await expand(step, job, media, ports)) }
  return { ...said, ...(await planned(step, job, media, choose(choices, options)?.choice, recipe, ports)) }
}

/** Somebody has chosen, or nobody has in time. */
export async function chosen(step: ClaimedStep, job: JobOfStep, ports: PerformPorts): Promise<StepResult> {
  const recipe = { name: job.recipe, steps: await recipeSteps(ports.pool, step.account_id, job.recipe) }
  const { rows } = await ports.pool.query<{ media: unknown }>('select media from jobs where id = $1', [step.job_id])
  const media = Media.parse(rows[0]?.media)
  const { choice, items } = step.input
  // The event of the plan has it, also when nothing of it changes.
  const { title } = job
  if (isListOf(media)) {
    const isTaken = typeof items === 'string' ? itemsOf(items) : () => true
    const numbered = (media.entries ?? []).map((entry, at) => ({ ...entry, index: entry.index ?? at + 1 }))
    const entries = numbered.filter(({ index }) => isTaken(index))
    return { output: [], title, ...(await expand(step, job, { ...media, entries }, ports)) }
  }
  const wanted = typeof choice === 'string' ? { ...job.options, choice } : job.options
  return { title, ...(await planned(step, job, media, choose(media.choices ?? [], wanted)?.choice, recipe, ports)) }
}

function isListOf(media: Media): boolean {
  return media.entries !== undefined && media.parts.length === 0 && !media.choices?.length
}

async function planned(
  step: ClaimedStep,
  job: JobOfStep,
  media: Media,
  choice: Choice | undefined,
  recipe: { readonly name: string; readonly steps: Awaited<ReturnType<typeof recipeSteps>> },
  { pool, store, machine }: PerformPorts,
): Promise<StepResult> {
  const parts = [...media.parts, ...(choice?.parts ?? [])]
  if (parts.length === 0) throw new Fault('source.gone', { reason: 'there is nothing to fetch' })
  const validators = ofWhatIsMade(media.validators, choice, recipe.steps)
  const reuse = await sameAgain(pool, step, job, validators, { store, machine })
  const steps = plan({
    media,
    choice,
    options: job.options,
    recipe,
    destinations: job.destinations,
    reuse,
    // What was never begun before has no earlier steps.
    earlier: reuse || (step.attempt === 1 && step.index === 0) ? [] : await earlierSteps(pool, step.job_id),
    newId,
    from: step.index + 1,
  })
  const known = choice?.isEstimate ? [] : parts
  const bytes = known.reduce<number | undefined>(
    (sum, part) => (sum === undefined || part.bytes === undefined ? undefined : sum + part.bytes),
    known.length === 0 ? undefined : 0,
  )
  return { output: [], plan: steps, validators: validators ?? null, ...(bytes !== undefined && { bytes }) }
}

/** Of one thing, another quality is another content, and so is what a recipe makes that has changed under its name. */
function ofWhatIsMade(
  validators: Validators | undefined,
  choice: Choice | undefined,
  steps: Awaited<ReturnType<typeof recipeSteps>>,
): Validators | undefined {
  if (!validators?.etag && !validators?.lastModified) return validators
  const made = steps.length === 0 ? undefined : createHash('sha256').update(JSON.stringify(steps)).digest('base64url')
  const marks = [validators.etag, choice?.id, made].filter((mark) => mark !== undefined)
  return marks.length === 0 ? validators : { ...validators, etag: marks.join(' ') }
}

/**
 * In order of confidence; one that declines is not asked again, any other fault ends the search. When one has found out
 * what type is behind the link, only those that take that type are asked further.
 */
async function askSources(sources: readonly Source[], job: JobOfStep, run: OpenedRun['run']): Promise<Media> {
  let left = sources
    .map((source) => ({ source, claim: source.claims(job.link) }))
    .filter(({ claim }) => claim > 0)
    .toSorted((a, b) => b.claim - a.claim)
    .map(({ source }) => source)
  const asked = new Set<Source>()
  let type: string | undefined
  for (let next = left.shift(); next; next = left.shift()) {
    asked.add(next)
    try {
      return Media.parse(await next.resolve(job.link, optionsFor(next, job, {}), run))
    } catch (error) {
      if (!isFault(error, 'source.declined')) throw error
      if (typeof error.facts['type'] !== 'string') continue
      const found = error.facts['type'].toLowerCase()
      type = found
      left = sources.filter((source) => !asked.has(source) && source.types?.includes(found))
    }
  }
  if (type !== undefined && /html/.test(type)) throw new Fault('source.no-media', { reason: 'it is a page' })
  throw new Fault('link.unhandled')
}

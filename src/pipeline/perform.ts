import type { Pool } from 'pg'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import type { Link } from '@jackdaw/contract/nouns/link.ts'
import { Part, type Media } from '@jackdaw/contract/nouns/media.ts'
import type { JobOptions, JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { newId } from '#kernel/ids.ts'
import { cleanTitle } from '#kernel/title.ts'
import { inputsOf, earlierSteps, sameAgain } from './assets.ts'
import type { Engine, Engines, LocalAsset } from './engine.ts'
import { plan } from './plan.ts'
import type { ClaimedStep, StepResult } from './queue.ts'
import { recipes } from './recipes.ts'
import { asRow, type OpenedRun } from './run.ts'
import type { Store } from './store.ts'

/** What a step needs to know of its job. */
export interface JobOfStep {
  readonly link: Link
  readonly title: string
  readonly recipe: string
  readonly destinations: readonly string[]
  readonly origin_key: string
  readonly options: JobOptions
  readonly secrets: JobSecrets
}

export interface PerformPorts {
  readonly pool: Pool
  readonly engines: Engines
  readonly store: Store
  readonly machine: string
  /** Opens the Run once it is known which engine's checkpoints to read. */
  open(engine: Pick<Engine, 'checkpoint'> | undefined): Promise<OpenedRun>
}

/** Does one step and says what changes with it. Throws faults; changes nothing in the database. */
export async function perform(step: ClaimedStep, job: JobOfStep, ports: PerformPorts): Promise<StepResult> {
  switch (step.kind) {
    case 'resolve':
      return await resolve(step, job, ports)
    case 'fetch':
      return await fetchPart(step, job, ports)
    case 'process':
      return await process(step, job, ports)
    case 'deliver':
      return await deliver(step, job, ports)
  }
}

async function resolve(
  step: ClaimedStep,
  job: JobOfStep,
  { pool, engines, store, machine, open }: PerformPorts,
): Promise<StepResult> {
  const recipe = recipes[job.recipe]
  if (!recipe) throw new Fault('input.unknown', { noun: 'recipe', id: job.recipe })
  const { run } = await open(undefined)
  const media = await askSources(engines, job, run)
  if (media.parts.length === 0) throw new Fault('source.gone', { reason: 'there is nothing to fetch' })
  const reuse = await sameAgain(pool, step, job, media.validators, { store, machine })
  const steps = plan({
    media,
    recipe,
    destinations: job.destinations,
    reuse,
    // What was never begun before has no earlier steps.
    earlier: reuse || step.attempt === 1 ? [] : await earlierSteps(pool, step.job_id),
    newId,
  })
  const bytes = media.parts.reduce<number | undefined>(
    (sum, part) => (sum === undefined || part.bytes === undefined ? undefined : sum + part.bytes),
    0,
  )
  return {
    output: [],
    plan: steps,
    title: cleanTitle(media.title) || job.title,
    validators: media.validators ?? null,
    ...(bytes !== undefined && { bytes }),
  }
}

/** In order of confidence; one that declines is not asked again, any other fault ends the search. */
async function askSources({ sources }: Engines, job: JobOfStep, run: OpenedRun['run']): Promise<Media> {
  const claims = sources
    .map((source) => ({ source, claim: source.claims(job.link) }))
    .filter(({ claim }) => claim > 0)
    .sort((a, b) => b.claim - a.claim)
  for (const { source } of claims) {
    try {
      return await source.resolve(job.link, optionsFor(source, job, {}), run)
    } catch (error) {
      if (!isFault(error, 'source.declined')) throw error
    }
  }
  throw new Fault('link.unhandled')
}

async function fetchPart(step: ClaimedStep, job: JobOfStep, ports: PerformPorts): Promise<StepResult> {
  const transport = find(ports.engines.transports, step.engine)
  const part = Part.parse(step.input['part'])
  const { run, traces } = await ports.open(transport)
  const assets = await transport.fetch(part, optionsFor(transport, job, {}), run)
  return { made: rows(assets, traces), output: assets.map(({ id }) => id), ...progressOf(traces) }
}

async function process(step: ClaimedStep, job: JobOfStep, ports: PerformPorts): Promise<StepResult> {
  const processor = find(ports.engines.processors, step.engine)
  const inputs = await inputsOf(ports.pool, step, ports.store, ports.machine)
  const accepted = inputs.filter((asset) => processor.accepts(asset))
  if (accepted.length === 0) return { output: inputs.map(({ id }) => id) }
  const { run, traces } = await ports.open(processor)
  const made = await processor.process(accepted, optionsFor(processor, job, step.input['options']), run)
  const passed = inputs.filter((asset) => !accepted.includes(asset))
  const notes = await Promise.all(
    [...traces.notes].map(async ([asset, { facts, thumbnail }]) => {
      if (thumbnail) await ports.store.put(thumbnail.path, thumbnail.sha256, { signal: run.signal, trusted: true })
      return { asset, facts, thumbnail: thumbnail?.sha256 ?? null }
    }),
  )
  return {
    made: rows(made, traces),
    output: [...made, ...passed].map(({ id }) => id),
    ...(notes.length > 0 && { notes }),
    ...progressOf(traces),
  }
}

async function deliver(step: ClaimedStep, job: JobOfStep, ports: PerformPorts): Promise<StepResult> {
  const destination = ports.engines.destinations.find(({ name }) => name === step.engine)
  if (!destination) throw new Fault('destination.unknown', { destination: step.engine })
  const inputs = await inputsOf(ports.pool, step, ports.store, ports.machine)
  const { run, traces } = await ports.open(destination)
  const receipts = await destination.deliver(
    inputs,
    String(step.input['to'] ?? ''),
    optionsFor(destination, job, { title: job.title, site: siteOf(job.link) }),
    run,
  )
  const keep = step.engine === 'library' ? receipts.map(({ asset }) => asset) : []
  return { output: inputs.map(({ id }) => id), receipts, keep, ...progressOf(traces) }
}

/** Everything that people said about the job, reduced to what this engine understands. */
function optionsFor(engine: Engine, job: JobOfStep, own: unknown): unknown {
  const parsed = engine.options.safeParse({ ...job.options, ...job.secrets, ...(own as object) })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new Fault('input.invalid', { reason: `${engine.name}: ${issue?.path.join('.')} ${issue?.message}` })
}

function find<E extends Engine>(engines: readonly E[], name: string): E {
  const engine = engines.find((one) => one.name === name)
  if (!engine) throw new Fault('house.absent', { reason: `there is no engine ${name}` })
  return engine
}

function rows(assets: readonly LocalAsset[], { made }: OpenedRun['traces']) {
  return assets.filter(({ id }) => made.has(id)).map(asRow)
}

function progressOf(traces: OpenedRun['traces']) {
  const progress = traces.progress()
  return progress
    ? { progress: { unit: progress.unit, done: progress.done, ...(progress.of !== undefined && { of: progress.of }) } }
    : {}
}

function siteOf(link: Link): string {
  return link.kind === 'url' ? (URL.parse(link.text)?.hostname ?? '') : ''
}

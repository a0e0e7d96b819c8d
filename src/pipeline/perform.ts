import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { Part } from '@jackdaw/contract/nouns/media.ts'
import { splitName } from '#kernel/names.ts'
import { inputsOf } from './assets.ts'
import type { Engine, LocalAsset } from './engine.ts'
import { gather } from './expand.ts'
import type { JobOfStep } from './job-of-step.ts'
import { optionsFor, ownOptions, siteOf } from './options-for.ts'
import type { PerformPorts } from './perform-ports.ts'
import type { ClaimedStep, StepResult } from './queue.ts'
import { chosen, resolve } from './resolve.ts'
import { asRow, type OpenedRun } from './run.ts'

/** Does one step and says what changes with it. Throws faults; changes nothing in the database. */
export async function perform(step: ClaimedStep, job: JobOfStep, ports: PerformPorts): Promise<StepResult> {
  switch (step.kind) {
    case 'resolve':
      return step.engine === 'choose' ? await chosen(step, job, ports) : await resolve(step, job, ports)
    case 'fetch':
      return await fetchPart(step, job, ports)
    case 'process':
      return step.engine === 'gather' ? await gather(step, ports) : await process(step, job, ports)
    case 'deliver':
      return await deliver(step, job, ports)
  }
}

async function fetchPart(step: ClaimedStep, job: JobOfStep, ports: PerformPorts): Promise<StepResult> {
  const transport = find(ports.engines.transports, step.engine)
  const part = Part.parse(step.input['part'])
  const { run, traces } = await ports.open(transport)
  try {
    const fetched = await transport.fetch(part, optionsFor(transport, job, {}), run)
    const { role } = part
    const assets = role === undefined ? fetched : fetched.map((asset) => ({ ...asset, role }))
    return { made: rows(assets, traces), output: assets.map(({ id }) => id), ...progressOf(traces) }
  } catch (error) {
    throw hasRunOut(part, error) ? new Fault('source.expired', {}, { cause: error }) : error
  }
}

/** Younger addresses are refused for another reason. */
const leastAgeMs = 60_000

/** Whether an address that was made for us is refused because it is too old. */
function hasRunOut({ givenAt }: Part, error: unknown): boolean {
  if (givenAt === undefined || Date.now() - Date.parse(givenAt) < leastAgeMs) return false
  return isFault(error, 'source.denied', 'source.gone', 'source.refused')
}

async function process(step: ClaimedStep, job: JobOfStep, ports: PerformPorts): Promise<StepResult> {
  const processor = find(ports.engines.processors, step.engine)
  const inputs = await inputsOf(ports.pool, step, ports.store, ports.machine)
  const accepted = inputs.filter((asset) => isMeant(asset, step.input) && processor.accepts(asset))
  if (accepted.length === 0) return { output: inputs.map(({ id }) => id) }
  const { run, traces } = await ports.open(processor)
  const made = await processor.process(accepted, ownOptions(processor, job, step.input['options']), run)
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
  const all = await inputsOf(ports.pool, step, ports.store, ports.machine)
  // A cover that nothing has taken in stood for the media while it was made.
  const inputs = all.some(({ role }) => role === undefined) ? all.filter(({ role }) => role !== 'cover') : all
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

/** Whether a step of a recipe is for files with this extension. */
function isMeant({ name }: LocalAsset, { only, except }: ClaimedStep['input']): boolean {
  const extension = splitName(name).extension.slice(1).toLowerCase()
  const has = (list: unknown) => Array.isArray(list) && list.some((one) => String(one).toLowerCase() === extension)
  return (only === undefined || has(only)) && !has(except)
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

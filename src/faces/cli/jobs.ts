import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { JobState, type Job, type JobDetail } from '@jackdaw/contract/nouns/job.ts'
import { asking, whole } from './asking.ts'
import { canAsk } from './can-ask.ts'
import { clock, plain, size, table } from './format.ts'
import type { Client, CommonOptions, Host } from './host.ts'
import { endLines } from './line.ts'
import { paintFor, withPaths } from './report.ts'
import { recipeOf } from './media-options.ts'
import { type SecretOptions, secretsFor } from './secrets.ts'
import { watching } from './watching.ts'

type Json = CommonOptions & { readonly json?: boolean }

export async function listJobs(
  options: Json & { state?: string; search?: string; limit: string },
  host: Host,
): Promise<number> {
  const state = options.state === undefined ? undefined : stateOf(options.state)
  const limit = whole(options.limit, '--limit', 1, 1000)
  return asking(options, host, async (client, say) => {
    const { jobs, next } = await client.jobs.list({
      limit,
      ...(state === undefined ? {} : { state }),
      ...(options.search === undefined ? {} : { search: options.search }),
    })
    if (options.json) return jobs.forEach((job) => say(JSON.stringify(job)))
    if (jobs.length === 0) return say('No jobs. Start one: jackdaw get LINK')
    const rows = jobs.map((job) => [job.id, job.state, progressText(job), plain(job.title || job.link)])
    for (const line of table([['ID', 'STATE', '', 'TITLE'], ...rows], host.terminal.stdout.columns ?? 0)) say(line)
    if (next !== null) say(`… there are more: --limit ${Math.min(1000, limit * 2)}`)
  })
}

export async function showJob(id: string, options: Json & { follow?: boolean }, host: Host): Promise<number> {
  if (options.follow) {
    return watching(options, host, true, async ({ client }, signal) => ({
      count: 1,
      asks: canAsk(host.terminal) && !options.json,
      start: async () => ({ jobs: [await client.jobs.get({ id }, { signal })] }),
    }))
  }
  return asking(options, host, async (client, say) => {
    const job = await client.jobs.get({ id })
    if (options.json) return say(JSON.stringify(withPaths(job)))
    for (const line of describe(job, host)) say(line)
  })
}

/** Begins jobs anew, with another recipe or with a password that was missing. */
export async function retryJobs(
  ids: readonly string[],
  options: Json & Pick<SecretOptions, 'cookies' | 'key' | 'keyFile' | 'archivePasswordFile'> & { recipe?: string },
  host: Host,
): Promise<number> {
  const { cookies, key, keyFile, archivePasswordFile } = options
  const given = {
    ...(cookies === undefined ? {} : { cookies }),
    ...(key === undefined ? {} : { key }),
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(archivePasswordFile === undefined ? {} : { archivePasswordFile }),
  }
  const recipe = recipeOf(options.recipe)
  const secrets = (await secretsFor(given, host.terminal))('')
  return changeJobs('retry', ids, options, host, {
    ...(recipe === undefined ? {} : { recipe }),
    ...(secrets === undefined ? {} : { secrets }),
  })
}

type Changes = Omit<Parameters<Client['jobs']['retry']>[0], 'id'>

/** Does the same to several jobs; one that refuses does not keep the others from it. The first refusal decides the exit. */
export async function changeJobs(
  verb: 'pause' | 'resume' | 'cancel' | 'retry',
  ids: readonly string[],
  options: Json,
  host: Host,
  changes: Changes = {},
): Promise<number> {
  return asking(options, host, async (client, say, session) => {
    const refusals: { id: string; error: unknown }[] = []
    for (const id of ids) {
      try {
        const job = await change(client, verb, id, changes)
        if (Array.isArray(job)) {
          for (const one of job)
            say(options.json ? JSON.stringify(one) : `${one.id}  ${one.state}  ${plain(one.title || one.link)}`)
          continue
        }
        say(
          options.json
            ? JSON.stringify(job)
            : `${job.id}  ${stateAfter(verb, job.state)}  ${plain(job.title || job.link)}`,
        )
      } catch (error) {
        refusals.push({ id, error })
      }
    }
    const [first, ...others] = refusals
    if (others.length > 0) {
      const { toFault } = await import('./faults.ts')
      for (const { id, error } of others) host.terminal.stderr.write(`jackdaw: ${id}: ${toFault(error).message}\n`)
    }
    if (first !== undefined) throw first.error
    const goesOn = verb === 'resume' || verb === 'retry'
    if (goesOn && session.where === 'here' && !options.json) {
      // Another process may be open on the same folder and run it.
      say(`it goes on where "jackdaw get" or "jackdaw serve" is open; else: jackdaw job ${ids[0]} --follow`)
    }
  })
}

function describe(job: JobDetail, host: Host): string[] {
  const paint = paintFor(host.terminal)
  const facts = [
    ['job', job.id],
    ['title', plain(job.title)],
    ['link', plain(job.link)],
    ['state', job.doing === undefined || job.doing === job.state ? job.state : `${job.state}: ${plain(job.doing)}`],
    ['progress', progressText(job)],
    ['recipe', job.recipe === 'default' ? '' : job.recipe],
    ['length', job.about?.durationSeconds === undefined ? '' : clock(job.about.durationSeconds)],
    ['by', plain(job.about?.author ?? '')],
    ['to', job.destinations.map(plain).join(', ')],
    ['created', job.createdAt],
    ['ended', job.endedAt ?? ''],
  ].filter(([, value]) => value !== '')
  const steps = job.steps.map((step) => [
    `  ${step.kind}`,
    step.state,
    plain(step.label),
    step.fault === undefined ? '' : `${plain(step.fault.says)} (${step.fault.code})`,
  ])
  const assets = job.assets.map((asset) => [`  ${plain(asset.name)}`, size(asset.bytes), asset.type, asset.sha256])
  return [
    ...table(facts, 0),
    ...(steps.length > 0 ? ['steps', ...table(steps, 0)] : []),
    ...(assets.length > 0 ? ['assets', ...table(assets, 0)] : []),
    ...(['done', 'failed', 'cancelled'].includes(job.state) ? endLines(job, paint) : []),
  ]
}

function progressText({ progress }: Job): string {
  if (progress === undefined) return ''
  const percent = progress.of ? `${Math.floor((progress.done / progress.of) * 100)}%` : ''
  if (progress.unit !== 'bytes') return percent || `${progress.done} ${progress.unit}`
  return [percent, size(progress.done)].filter(Boolean).join(' ')
}

function stateOf(text: string): JobState | 'open' {
  if (text === 'open') return text
  const parsed = JobState.safeParse(text)
  if (parsed.success) return parsed.data
  throw new Fault('input.invalid', { reason: `--state: expected open, ${JobState.options.join(', ')}` })
}

/** What runs stops within a second; until then its state is the old one. */
function stateAfter(verb: string, state: JobState): string {
  if (state !== 'running') return state
  return verb === 'pause' ? 'pausing' : verb === 'cancel' ? 'cancelling' : state
}

/** The id of a batch stands for all of its failed jobs when they are begun anew. */
async function change(
  client: Client,
  verb: 'pause' | 'resume' | 'cancel' | 'retry',
  id: string,
  changes: Changes,
): Promise<Job | Job[]> {
  if (verb !== 'retry') return await client.jobs[verb]({ id })
  try {
    return await client.jobs.retry({ id, ...changes })
  } catch (error) {
    if (!isFault(error, 'input.unknown') || error.facts['noun'] !== 'job') throw error
    const jobs = await retryBatch(client, id, changes)
    // Neither a job nor a batch with something to do again: the first answer is the better one.
    if (jobs.length === 0) throw error
    return jobs
  }
}

async function retryBatch(client: Client, batch: string, changes: Changes): Promise<Job[]> {
  if (Object.keys(changes).length === 0) {
    try {
      return (await client.batches.retry({ id: batch })).jobs
    } catch (error) {
      if (isFault(error, 'input.unknown')) return []
      throw error
    }
  }
  const { jobs } = await client.jobs.list({ batch, state: 'failed', limit: 1000 })
  const begun: Job[] = []
  for (const { id } of jobs) begun.push(await client.jobs.retry({ id, ...changes }))
  return begun
}

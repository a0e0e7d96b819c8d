import { Fault } from '@jackdaw/contract/faults.ts'
import type { Link } from '@jackdaw/contract/nouns/link.ts'
import type { Engine } from './engine.ts'
import type { JobOfStep } from './job-of-step.ts'

/** Everything that people said about the job, reduced to what this engine understands. */
export function optionsFor(engine: Engine, job: JobOfStep, own: unknown): unknown {
  return parsed(engine, { ...job.options, ...job.secrets, ...(own as object) })
}

/**
 * The options of a processing step are its own: those of the job have other meanings. Besides, it may ask for the job's
 * secrets, its `title`, and `facts`: what is known of the media, for names.
 */
export function ownOptions(engine: Engine, job: JobOfStep, own: unknown): unknown {
  const { about } = job
  const said = {
    title: job.title,
    site: siteOf(job.link),
    author: about?.author,
    date: about?.publishedAt?.slice(0, 10),
    number: job.options.prefix?.trim(),
    list: job.list,
  }
  const facts = Object.fromEntries(Object.entries(said).filter((entry) => entry[1] !== undefined))
  return parsed(engine, { ...job.secrets, title: job.title, facts, ...(own as object) })
}

function parsed(engine: Engine, options: object): unknown {
  const parsed = engine.options.safeParse(options)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new Fault('input.invalid', { reason: `${engine.name}: ${issue?.path.join('.')} ${issue?.message}` })
}

export function siteOf(link: Link): string {
  return link.kind === 'url' ? (URL.parse(link.text)?.hostname ?? '') : ''
}

import { Fault, fromView, isFault, type FaultView } from '@jackdaw/contract/faults.ts'
import type { Event } from '@jackdaw/contract/events.ts'
import { mediaSites } from '#kernel/links/media-sites.ts'
import { suggest } from '#kernel/suggest.ts'
import { asking } from './asking.ts'
import { choiceLines, offerHead, type Offer } from './choice-table.ts'
import { followJob } from './follow.ts'
import { plain } from './format.ts'
import type { Client, CommonOptions, Host } from './host.ts'
import { paintFor } from './report.ts'

/** Long enough to read what is offered; the job is cancelled before that. */
const chooseSeconds = 600

/**
 * Asks the real engines what is behind a link, or behind the sample of a site, and says what came: nothing is taken of it.
 * The job that asks is cancelled once it knows. Exit code of the fault when that is what came.
 */
export async function testSite(what: string, options: CommonOptions & { json?: boolean }, host: Host): Promise<number> {
  const { terminal } = host
  const link = sampleOf(what)
  const paint = paintFor(terminal)
  return await asking(
    options,
    host,
    async (client, say) => {
      if (!options.json) say(`${link} …`)
      const started = terminal.now()
      const { title, offer, fault } = await ask(client, link, terminal.cwd)
      const seconds = ((terminal.now() - started) / 1000).toFixed(1)
      if (options.json) say(JSON.stringify({ link, seconds: Number(seconds), title, offer, fault }))
      if (fault) throw fromView(fault)
      if (options.json) return
      say(`${paint.green('✓')} ${offerHead(offer ?? { title, choices: [] }, 100, paint)}  ${seconds} s`)
      for (const line of linesOf(offer, terminal.stdout.columns ?? 100)) say(line)
    },
    { work: true },
  )

  function linesOf(offer: Offer | undefined, columns: number): string[] {
    if (offer === undefined) return ['  one way to have it']
    if (offer.entries !== undefined) {
      const { entries, entriesInAll = entries.length } = offer
      const names = entries.slice(0, 5).map(({ title, link: to }) => `    ${plain(title ?? to)}`)
      return [`  a list of ${entriesInAll}`, ...names]
    }
    return choiceLines(offer, -1, { columns, rows: offer.choices.length + 10 }, paint)
  }
}

interface Answer {
  readonly title: string
  readonly offer: Offer | undefined
  readonly fault: FaultView | undefined
}

/** Starts a job that stops to ask, and cancels it as soon as something is known; one way to have it asks nothing. */
async function ask(client: Client, link: string, cwd: string): Promise<Answer> {
  const wish = { link, destinations: [`folder:${cwd}`], options: { chooseSeconds } }
  const { id } = await client.jobs.start(wish)
  const found: { offer?: Offer | undefined; fault?: FaultView | undefined } = {}
  const answered = Promise.withResolvers<void>()
  const answer = async (event: Event) => {
    if (event.type === 'job.asked') found.offer = await client.jobs.choices({ id }).catch(ignoreConflict)
    // A fault that passes is tried again for hours; here it is the answer.
    else if (event.type === 'step.retrying') found.fault = event.data.fault
    else if (event.type !== 'job.planned' && event.type !== 'job.expanded') return
    await client.jobs.cancel({ id }).catch(ignoreConflict) // it may have ended by itself meanwhile
    answered.resolve()
  }
  const job = await followJob(client, id, {
    signal: new AbortController().signal,
    watcher: {
      event: (event) => void answer(event).catch(answered.reject),
      broken: () => undefined,
      mended: () => undefined,
    },
  })
  answered.promise.catch(() => undefined) // a job that failed had nothing to ask
  if (job.state === 'cancelled') await answered.promise
  return { title: job.title, offer: found.offer, fault: found.fault ?? job.fault }
}

function ignoreConflict(error: unknown): undefined {
  if (!isFault(error, 'input.conflict', 'input.unknown')) throw error
  return undefined
}

/** The public page of a site by its name, or the link as it is. */
function sampleOf(what: string): string {
  if (/[/:.]/.test(what)) return what
  const site = mediaSites.find(({ name }) => name.toLowerCase() === what.trim().toLowerCase())
  if (site) return site.sample
  const near = suggest(
    what,
    mediaSites.map(({ name }) => name),
  )
  throw new Fault('input.unknown', { noun: 'site', id: near === undefined ? what : `${what} (did you mean ${near}?)` })
}

import { Fault } from '@jackdaw/contract/faults.ts'
import type { Link } from '@jackdaw/contract/nouns/link.ts'
import type { Entry, Media } from '@jackdaw/contract/nouns/media.ts'
import type { JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { newId } from '#kernel/ids.ts'
import { safeName } from '#kernel/names.ts'
import { cleanTitle } from '#kernel/title.ts'
import { listText, prefixOf } from './list-text.ts'
import type { JobOfStep } from './job-of-step.ts'
import type { PerformPorts } from './perform-ports.ts'
import { plan } from './plan.ts'
import type { ClaimedStep, StepResult } from './queue.ts'
import { asJob, batchKey, prepareWish, type PreparedWish } from './wish.ts'

/** A channel has playlists, and those have videos: three levels are enough for all that there is. */
const deepest = 3
/** As many as one batch may have; of longer lists the others are had by their numbers. */
const mostEntries = 10_000

type Expanded = Pick<StepResult, 'plan' | 'list' | 'validators'>

/** A list becomes a text of its links, or a job per entry and a step that waits for them. */
export async function expand(
  step: ClaimedStep,
  job: JobOfStep,
  media: Media,
  ports: Pick<PerformPorts, 'pool' | 'seal'>,
): Promise<Expanded> {
  const entries = (media.entries ?? []).slice(0, mostEntries)
  if (entries.length === 0) throw new Fault('source.gone', { reason: 'the list is empty' })
  const title = cleanTitle(media.title) || job.title
  if (job.options.list) return { plan: textPlan(step, job, title, entries) }

  const above = await linksAbove(step, ports)
  if (above.length >= deepest) throw new Fault('source.malformed', { reason: 'its lists hold lists without an end' })
  const seen = new Set([job.link.text, ...above])
  const skipped: { title: string; reason: string }[] = []
  const wishes: PreparedWish[] = []
  for (const [at, entry] of entries.entries()) {
    const name = cleanTitle(entry.title ?? '') || entry.link
    try {
      if (entry.unavailable !== undefined) throw new Fault('source.gone', { reason: entry.unavailable })
      const wish = prepareWish(wishOf(entry, entry.index ?? at + 1, title, job, media))
      if (seen.has(wish.link.text)) throw new Fault('source.malformed', { reason: 'it leads back to this list' })
      wishes.push(entry.title === undefined ? wish : { ...wish, title: cleanTitle(entry.title) || wish.title })
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      skipped.push({ title: name, reason: entry.unavailable ?? error.message })
    }
  }
  // Ids of one millisecond have no order among themselves; the order of the entries is theirs.
  const ids = wishes.map(() => newId()).sort()
  const jobs = wishes.map((wish, at) => asJob(wish, { id: ids[at] ?? newId(), step: newId() }, ports.seal))
  if (jobs.length === 0) {
    const names = skipped.slice(0, 3).map((one) => `${one.title} (${one.reason})`)
    throw new Fault('source.gone', { reason: `of ${skipped.length} entries none can be had: ${names.join(', ')}` })
  }
  const batch = {
    id: newId(),
    name: title.slice(0, 255),
    strict: false,
    wishKey: batchKey([job.link.text, newId()], false),
  }
  return {
    validators: null,
    plan: [gatherStep(step, skipped.length)],
    list: { batch, jobs, inAll: media.entriesInAll ?? entries.length, skipped: skipped.slice(0, 100) },
  }
}

/** What is asked for the whole list is asked for each of its entries; what belongs to the list alone is left out. */
function wishOf(entry: Entry, number: number, title: string, job: JobOfStep, media: Media) {
  const { items: _, list: __, choice: ___, chooseSeconds: ____, name: _____, prefix: ______, ...options } = job.options
  const most = Math.max(media.entriesInAll ?? 0, media.entries?.length ?? 0)
  // A folder of its own for the list; a template says by itself where things go.
  const destinations = job.destinations.map((destination) =>
    destination.startsWith('folder:') && !destination.includes('{')
      ? `${destination.replace(/\/+$/, '')}/${safeName(title).replace(/[{}]/g, '_')}`
      : destination,
  )
  return {
    link: entry.link,
    destinations,
    recipe: job.recipe,
    options: { ...options, prefix: prefixOf(number, most) },
    secrets: secretsFor(entry.link, job.link, job.secrets),
  }
}

/**
 * What opens the list's own site is not told to others that it leads to. Cookies say by themselves where they go; keys and
 * the password of an archive go nowhere.
 */
export function secretsFor(link: string, list: Pick<Link, 'text'>, secrets: JobSecrets): JobSecrets {
  if (URL.parse(link)?.origin === URL.parse(list.text)?.origin) return secrets
  const { headers: _, user: __, password: ___, ...others } = secrets
  return others
}

function gatherStep(step: ClaimedStep, skipped: number): NonNullable<Expanded['plan']>[number] {
  return {
    id: newId(),
    index: step.index + 1,
    // Not "resolve": a step of that kind that waits is what a strict batch lets go next.
    kind: 'process',
    engine: 'gather',
    label: 'fetch the list',
    site: '',
    input: { skipped },
    after: [],
    waits: 1,
    optional: false,
    machine: null,
    checkpoint: null,
  }
}

function textPlan(step: ClaimedStep, job: JobOfStep, title: string, entries: readonly Entry[]) {
  const part = {
    transport: 'text',
    name: `${job.options.name ?? title}.txt`,
    type: 'text/plain',
    site: '',
    request: { text: listText(entries) },
  }
  return plan({
    media: { title, source: 'list', parts: [part] },
    recipe: { name: 'plain', steps: [] },
    destinations: job.destinations,
    reuse: undefined,
    earlier: [],
    newId,
    from: step.index + 1,
  })
}

/** Links of the lists that this one stands in, the nearest first. */
async function linksAbove(step: ClaimedStep, { pool }: Pick<PerformPorts, 'pool'>): Promise<string[]> {
  const { rows } = await pool.query<{ link: string }>(
    `with recursive up(id, depth) as (
       select b.list_of, 1 from jobs j join batches b on b.id = j.batch_id where j.id = $1 and b.list_of is not null
       union all
       select b.list_of, up.depth + 1 from up join jobs j on j.id = up.id join batches b on b.id = j.batch_id
       where b.list_of is not null and up.depth < 10)
     select j.link ->> 'text' as link from up join jobs j on j.id = up.id order by up.depth`,
    [step.job_id],
  )
  return rows.map(({ link }) => link)
}

/** The list is through: done, or the sentence that names what failed. */
export async function gather(step: ClaimedStep, { pool }: Pick<PerformPorts, 'pool'>): Promise<StepResult> {
  const { rows } = await pool.query<{ title: string; state: string; says: string | null; count: number }>(
    `select k.title, k.state, k.fault ->> 'says' as says, count(*) over ()::int as count
     from jobs j join jobs k on k.batch_id = j.list_id where j.id = $1 order by k.state <> 'failed', k.batch_index`,
    [step.job_id],
  )
  const failed = rows.filter(({ state }) => state === 'failed')
  const count = rows[0]?.count ?? 0
  const progress = { unit: 'items' as const, done: count, of: count }
  if (failed.length === 0) return { output: [], progress }
  const names = failed.slice(0, 5).map(({ title }) => `"${title}"`)
  if (failed.length > names.length) names.push(`and ${failed.length - names.length} more`)
  throw new Fault('source.partial', { failed: failed.length, count, names: names.join(', ') })
}

import { Fault } from '@jackdaw/contract/faults.ts'
import { asking } from './asking.ts'
import { chooseSeconds } from './choose.ts'
import { plain } from './format.ts'
import type { CommonOptions, Host } from './host.ts'
import { canAsk } from './can-ask.ts'
import type { JobDetail } from '@jackdaw/contract/nouns/job.ts'
import type { Wish } from '@jackdaw/contract/operations/jobs.ts'
import { look } from './look.ts'
import type { ReportOptions } from './report-for.ts'
import { watching } from './watching.ts'
import { type WishOptions, wishesFor } from './wishes.ts'

export interface GetOptions extends CommonOptions, WishOptions, ReportOptions {
  readonly strict?: boolean
  /** Ask which choice to take. */
  readonly choose?: boolean
  /** Say what there is to choose from, and take nothing. */
  readonly listChoices?: boolean
  /** Only put into the queue. */
  readonly wait: boolean
}

/** Fetches links and tells how it goes. Returns 0 when all are done, else the exit code of the first that is not. */
export async function get(links: readonly string[], options: GetOptions, host: Host): Promise<number> {
  const given = await wishesFor(links, options, host.terminal)
  const { batch } = given
  if (options.listChoices) return await listChoices(given.wishes, options, host)
  const asks = asksHere(options, host)
  const wishes = asks
    ? given.wishes.map((wish) => ({ ...wish, options: { ...wish.options, chooseSeconds } }))
    : given.wishes
  const single = wishes.length === 1 && batch === undefined ? wishes[0] : undefined
  return watching(options, host, options.wait, async (session, signal) => {
    const { client } = session
    const start = async () => {
      if (single !== undefined) return { jobs: [await client.jobs.start(single, { signal })] }
      const name = batch === undefined ? {} : { name: batch }
      return client.jobs.startMany({ ...name, lines: wishes, strict: options.strict ?? false }, { signal })
    }
    if (options.wait) return { count: wishes.length, start, asks, remark: (job) => lacking(job, options) }
    const { jobs } = await start()
    for (const job of jobs) host.terminal.stdout.write(options.json ? `${JSON.stringify(job)}\n` : `${job.id}\n`)
    if (session.where === 'here' && !options.quiet) {
      host.terminal.stderr.write('jackdaw: nothing runs these jobs yet; "jackdaw serve" does\n')
    }
    return undefined
  })
}

/** Subtitles that were asked for and are not there are no reason to fail, and one to say so. */
function lacking({ title, state, steps }: JobDetail, { subs }: GetOptions): string | undefined {
  const fetches = steps.filter(({ kind }) => kind === 'fetch')
  const isWhole = subs === undefined || fetches.some(({ label }) => label === 'subtitle')
  // What was in the library already has no fetches.
  if (state !== 'done' || fetches.length === 0 || isWhole) return undefined
  return `${plain(title)}: there are no subtitles in ${subs.join(',')}`
}

/** What there is to choose from, link by link; a link that fails ends it with its exit code. */
async function listChoices(wishes: readonly Wish[], options: GetOptions, host: Host): Promise<number> {
  if (options.choose || options.choice !== undefined)
    throw new Fault('input.invalid', { reason: '--list-choices takes nothing: leave out --choose and --choice' })
  const how = { terminal: host.terminal, json: options.json ?? false, entries: 1000 }
  return await asking(
    options,
    host,
    async (client, say) => {
      for (const wish of wishes) await look(client, wish, say, how)
    },
    { work: true },
  )
}

/** Whether `--choose` asks here. Without somebody to ask it says so, and the choice that fits is taken. */
function asksHere(options: GetOptions, { terminal }: Host): boolean {
  if (!options.choose) return false
  const invalid = (reason: string) => new Fault('input.invalid', { reason })
  if (options.choice !== undefined) throw invalid('--choose asks what --choice answers: give one of them')
  if (!options.wait) throw invalid('--choose waits for an answer: leave out --no-wait')
  if (canAsk(terminal) && !options.json && !options.quiet) return true
  terminal.stderr.write('jackdaw: there is no terminal to ask in, so the choice that fits is taken\n')
  return false
}

import type { Event } from '@jackdaw/contract/events.ts'
import { type FaultView, fromView, isFault } from '@jackdaw/contract/faults.ts'
import type { Wish } from '@jackdaw/contract/operations/jobs.ts'
import { type Offer, choiceLines, offerHead } from './choice-table.ts'
import { followJob } from './follow.ts'
import { plain } from './format.ts'
import type { Client, Terminal } from './host.ts'
import { paintFor } from './report.ts'

/** Long enough to read what is offered; the job is cancelled before that. */
const chooseSeconds = 600

/**
 * Says what there is behind a wish, each choice with the id that `--choice` takes, or the first `entries` of a list. Nothing
 * is fetched: the job that asks is cancelled once it knows. Throws the fault when that is what came.
 */
export async function look(
  client: Client,
  wish: Wish,
  say: (line: string) => void,
  { terminal, json, entries }: { terminal: Terminal; json: boolean; entries: number },
): Promise<void> {
  const paint = paintFor(terminal)
  const started = terminal.now()
  const { title, offer, fault } = await ask(client, wish)
  const seconds = ((terminal.now() - started) / 1000).toFixed(1)
  if (json) say(JSON.stringify({ link: wish.link, seconds: Number(seconds), title, offer, fault }))
  if (fault) throw fromView(fault)
  if (json) return
  say(`${paint.green('✓')} ${offerHead(offer ?? { title, choices: [] }, 100, paint)}  ${seconds} s`)
  for (const line of linesOf(offer)) say(line)

  function linesOf(shown: Offer | undefined): string[] {
    if (shown === undefined) return ['  one way to have it']
    if (shown.entries !== undefined) {
      const { entries: all, entriesInAll = all.length } = shown
      const names = all
        .slice(0, entries)
        .map((one, at) => `  ${String(one.index ?? at + 1).padStart(3)}  ${plain(one.title ?? one.link)}`)
      const more = entriesInAll > names.length ? [`       … and ${entriesInAll - names.length} more`] : []
      return [`  a list of ${entriesInAll}`, ...names, ...more]
    }
    const size = { columns: terminal.stdout.columns ?? 120, rows: shown.choices.length + 10 }
    const widest = Math.max(...shown.choices.map(({ id }) => id.length))
    const lines = choiceLines(shown, -1, { ...size, columns: size.columns - widest - 2 }, paint)
    return lines.map((line, at) => `  ${paint.bold((shown.choices[at]?.id ?? '').padEnd(widest))}${line}`)
  }
}

interface Answer {
  readonly title: string
  readonly offer: Offer | undefined
  readonly fault: FaultView | undefined
}

/** Starts a job that stops to ask, and cancels it as soon as something is known; one way to have it asks nothing. */
async function ask(client: Client, wish: Wish): Promise<Answer> {
  const { id } = await client.jobs.start({ ...wish, options: { ...wish.options, chooseSeconds } })
  const found: { offer?: Offer | undefined; fault?: FaultView | undefined } = {}
  let answered: Promise<void> | undefined
  const answer = async (event: Event) => {
    // A fault that passes is tried again for hours; here it is the answer.
    if (event.type === 'step.retrying') found.fault = event.data.fault
    else found.offer = await client.jobs.choices({ id }).catch(ignoreConflict)
    await client.jobs.cancel({ id }).catch(ignoreConflict) // it may have ended by itself meanwhile
  }
  const job = await followJob(client, id, {
    signal: new AbortController().signal,
    watcher: {
      event: (event) => {
        // Whichever comes first: `job.planned` and `job.asked` are written together, and after a cancel nothing is offered.
        if (tells.has(event.type)) answered ??= answer(event)
        answered?.catch(() => undefined) // thrown below
      },
      broken: () => undefined,
      mended: () => undefined,
    },
  })
  await answered
  return { title: job.title, offer: found.offer, fault: found.fault ?? job.fault }
}

const tells = new Set<Event['type']>(['job.planned', 'job.asked', 'job.expanded', 'step.retrying'])

function ignoreConflict(error: unknown): undefined {
  if (!isFault(error, 'input.conflict', 'input.unknown')) throw error
  return undefined
}

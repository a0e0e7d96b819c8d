import type { Event } from '@jackdaw/contract/events.ts'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Entry } from '@jackdaw/contract/nouns/media.ts'
import { Items } from '@jackdaw/contract/nouns/options.ts'
import { type Offer, offerHead } from './choice-table.ts'
import { type Paint, clock, fit, plain } from './format.ts'
import type { Client, Terminal } from './host.ts'
import { type Report, paintFor } from './report.ts'

/** Waits this long for an answer; who has gone to lunch finds the question still open. */
export const chooseSeconds = 3600

/** Asks somebody what to take of what is offered, one question at a time. */
export interface Chooser {
  event(event: Event): void
  /** Settles when no question is open. */
  quiet(): Promise<void>
}

export interface ChooserHow {
  readonly client: Client
  readonly terminal: Terminal
  readonly report: Report
  readonly signal: AbortSignal
  /** Somebody pressed Ctrl-C, which a terminal that is asked in does not turn into a signal. */
  leave(): void
}

export function chooser(how: ChooserHow): Chooser {
  const { client, terminal, report, signal } = how
  /** Questions about a job end when it goes on by itself. */
  const open = new Map<string, AbortController>()
  let last: Promise<void> = Promise.resolve()
  const inTurn = (id: string, ask: (signal: AbortSignal) => Promise<void>) => {
    const over = new AbortController()
    open.set(id, over)
    const both = AbortSignal.any([signal, over.signal])
    last = last.then(async () => {
      if (both.aborted) return
      const goOn = report.hold()
      try {
        await ask(both)
      } catch (error) {
        // Answered by somebody else, or too late: the job has gone on.
        if (!both.aborted && !isFault(error, 'input.conflict', 'input.unknown')) report.note(messageOf(error))
      } finally {
        open.delete(id)
        goOn()
      }
    })
  }

  const choose = async (id: string, both: AbortSignal) => {
    const offer = await client.jobs.choices({ id }, { signal: both })
    const { askChoice, askText } = await import('./prompt.ts')
    const paint = paintFor(terminal)
    const entries = offer.entries ?? []
    const answer =
      entries.length > 0
        ? await askText(listQuestion(offer, terminal, paint), itemsCheck(entries), terminal, paint, both)
        : await askChoice(offer, terminal, paint, both)
    if (answer.kind === 'leave') return how.leave()
    if (answer.kind === 'gone') return report.note(`${plain(offer.title)}: time is up, so what fits is taken`)
    if (answer.kind === 'cancel') return void (await client.jobs.cancel({ id }, { signal }))
    const value = answer.value.trim()
    const chosen = value === '' ? {} : entries.length > 0 ? { items: value } : { choice: value }
    await client.jobs.choose({ id, ...chosen }, { signal })
  }

  return {
    event: (event) => {
      const { job } = event
      if (job === undefined) return
      if (event.type === 'job.asked') inTurn(job, (both) => choose(job, both))
      else if (goesOn.has(event.type)) open.get(job)?.abort()
    },
    quiet: () => last,
  }
}

const goesOn = new Set(['job.planned', 'job.paused', 'job.done', 'job.failed', 'job.cancelled'])

/** The entries with their numbers, as many as the terminal has room for, and the question. */
function listQuestion(offer: Offer, { stdout }: Terminal, paint: Paint): string[] {
  const { entries = [], entriesInAll = entries.length } = offer
  const width = (stdout.columns ?? 80) - 1
  const room = Math.max(3, (stdout.rows ?? 24) - 6)
  const names = entries.slice(0, room).map((entry, at) => {
    const length = entry.durationSeconds === undefined ? '' : `  ${clock(entry.durationSeconds)}`
    const line = `${String(entry.index ?? at + 1).padStart(3)}  ${plain(entry.title ?? entry.link)}${length}`
    return entry.unavailable === undefined
      ? fit(line, width)
      : paint.dim(fit(`${line}  cannot be had: ${plain(entry.unavailable)}`, width))
  })
  const more = entriesInAll > names.length ? [`     … and ${entriesInAll - names.length} more`] : []
  return [offerHead(offer, width, paint), ...names, ...more, 'Which of them? Such as 1-5,8; Enter takes all:']
}

function itemsCheck(entries: readonly Entry[]): (text: string) => string | undefined {
  const numbers = entries.map(({ index }, at) => index ?? at + 1)
  return (text) => {
    if (text.trim() === '' || Items.safeParse(text).success) return undefined
    return `expected numbers such as ${numbers[0] ?? 1}-${numbers.at(-1) ?? 1}`
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

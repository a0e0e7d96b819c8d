import type { Fault, FaultView } from '@jackdaw/contract/faults.ts'
import { backoffMs } from '#kernel/backoff.ts'
import type { ReleaseTo } from './queue.ts'

/** What a worker does with a step that ended in a fault. */
export interface Verdict {
  readonly to: ReleaseTo
  readonly readyAt?: Date
  readonly tries?: number
  /** It could have been tried again, but was often enough. */
  readonly exhausted?: boolean
}

export interface Case {
  /** Faults so far, without this one. */
  readonly tries: number
  /** Whether this attempt got further than the one before: then it counts as the first try again. */
  readonly progressed: boolean
  readonly now: number
  readonly random: () => number
  readonly baseMs?: number
}

// Six tries with waits of up to 1, 2, 4, 8 and 16 s: a site that fails for half a minute is down, not busy.
const mostTries = 6
// A site that says when to come back is believed more often.
const mostTriesWhenAsked = 12
// A site that our own breaker rests for a minute at a time: nobody wants to watch that for long.
const mostTriesWhenRested = 3
const longestWaitMs = 60_000
// Longer than this nobody waits by surprise: a site that asks for more fails the step with its own sentence.
const longestAskedMs = 3_600_000

/** Ours to mend, not the far side's: waits as long as it takes. */
const patient: ReadonlySet<string> = new Set(['house.disk-full', 'destination.full', 'house.database'])

/** The plan for a failure (WIN-4): pure. */
export function judge(fault: Fault, at: Case): Verdict {
  if (fault.code === 'house.stopping') return { to: 'ready' }
  if (fault.next === 'stop' || fault.next === 'elsewhere') return { to: 'failed', tries: at.tries + 1 }
  const asked = fault.retryAfterMs
  if (fault.next === 'resume') return { to: 'later', readyAt: new Date(at.now + (asked ?? longestWaitMs)) }
  const tries = at.progressed ? 1 : at.tries + 1
  const wait = backoffMs(tries, { baseMs: at.baseMs ?? 1000, capMs: longestWaitMs, random: at.random })
  if (patient.has(fault.code))
    return { to: 'later', readyAt: new Date(at.now + Math.max(wait, 5 * (at.baseMs ?? 1000))) }
  if (asked !== undefined && asked > longestAskedMs) return { to: 'failed', tries }
  if (tries >= mostOf(fault)) return { to: 'failed', tries, exhausted: true }
  // A little jitter after what was asked for, so that a thousand jobs do not come back in the same second.
  return { to: 'retry', readyAt: new Date(at.now + (asked === undefined ? wait : asked + wait / 4)), tries }
}

function mostOf(fault: Fault): number {
  if (fault.retryAfterMs === undefined) return mostTries
  return fault.code === 'source.throttled' ? mostTriesWhenAsked : mostTriesWhenRested
}

/** The fault of a step that is not tried any more: of its own kind, but it does not promise to be tried again. */
export function exhausted(fault: Fault, tries: number): FaultView {
  const view = fault.view()
  const reason = view.says.replace(/ It (is tried again|goes on|is fetched)[^.]*\.$/, '')
  return { ...view, says: `${reason} It was tried ${tries} times.`, next: 'stop', facts: { ...view.facts, tries } }
}

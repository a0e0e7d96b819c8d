import { readFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import type { LocalRun } from './local-run.ts'

/**
 * The same run, which looks up the arguments of each program where every user of the machine can (`/proc/PID/cmdline`)
 * before anything goes to its stdin: a program that waits for a password is there to be looked at.
 */
export function watchedArguments<C>(run: LocalRun<C>): { readonly run: LocalRun<C>; readonly seen: string[] } {
  const seen: string[] = []
  const watched: LocalRun<C> = {
    ...run,
    async spawn(tool, args, how) {
      if (how?.stdin === undefined) return await run.spawn(tool, args, how)
      const gate = new PassThrough()
      const child = await run.spawn(tool, args, { ...how, stdin: gate })
      seen.push(argumentsOf(child.pid))
      how.stdin.pipe(gate)
      return child
    },
  }
  return { run: watched, seen }
}

/** Nothing of a program that has ended already because it asked for nothing. */
function argumentsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

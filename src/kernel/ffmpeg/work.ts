import type { Readable } from 'node:stream'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import type { Progress } from '@jackdaw/contract/nouns/job.ts'
import type { Child } from '../child/child.ts'
import { quiet } from './input.ts'

/** What working with a tool needs of a run. */
export interface ToolRun {
  readonly signal: AbortSignal
  spawn(
    tool: string,
    args: readonly string[],
    how?: { readonly stdin?: Readable; readonly inputs?: readonly Readable[]; readonly cwd?: string },
  ): Promise<Child>
  report(progress: Progress): void
}

export interface WorkHow {
  /** Length of what comes out, for the share that is done. */
  readonly seconds?: number | undefined
  /** Seconds of this file come after so many of others, for one bar over several files. */
  readonly after?: number
  /** Each line of its standard output that is not about progress. */
  readonly onLine?: (line: string) => void
  readonly stdin?: Readable
  readonly inputs?: readonly Readable[]
  /** Where names inside filters are looked for. */
  readonly cwd?: string
}

/**
 * Runs ffmpeg and reports its progress in seconds of media. `args` hold inputs (see `mediaInput`) and one output, which
 * goes as `file:PATH`. Existing outputs are overwritten. Returns the seconds that were written. Throws `process.failed` with ffmpeg's own last words, or
 * `process.unsupported` when they are about a codec that this ffmpeg does not have.
 */
export async function ffmpeg(run: ToolRun, args: readonly string[], how: WorkHow = {}): Promise<number> {
  const { seconds, after = 0, onLine, stdin, inputs, cwd } = how
  const child = await run.spawn(
    'ffmpeg',
    ['-nostdin', ...quiet, '-y', '-progress', 'pipe:1', '-stats_period', '0.25', ...args],
    {
      ...(stdin && { stdin }),
      ...(inputs && { inputs }),
      ...(cwd !== undefined && { cwd }),
    },
  )
  let written = 0
  try {
    for await (const done of moments(child.stdout, onLine)) {
      written = done
      const of = seconds === undefined ? undefined : after + seconds
      run.report({
        unit: 'seconds',
        done: after + (seconds === undefined ? done : Math.min(done, seconds)),
        ...(of !== undefined && { of }),
      })
    }
    await child.done
    return written
  } catch (thrown) {
    // Of a child that was killed the output ends early; why is what the signal says.
    run.signal.throwIfAborted()
    if (!isFault(thrown, 'house.tool-failed')) throw thrown
    throw sorted(thrown)
  }
}

function sorted(thrown: Fault): Fault {
  const reason = reasonOf(thrown)
  if (reason.includes('No space left on device')) return new Fault('house.disk-full', {}, { cause: thrown })
  return new Fault(missing.test(reason) ? 'process.unsupported' : 'process.failed', { reason }, { cause: thrown })
}

/** How ffmpeg says that it was built without something. */
const missing =
  /Unknown (?:en|de)coder|Encoder not found|Decoder \(.*\) not found|No such filter|Unknown output format/i

/** Seconds of output, as `-progress` writes them: `out_time_us=1234567`, "N/A" before the first packet. */
async function* moments(stdout: Readable, onLine?: (line: string) => void): AsyncGenerator<number> {
  let rest = ''
  for await (const chunk of stdout as AsyncIterable<Buffer>) {
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const match = /^out_time_us=(\d+)/.exec(line)
      if (match) yield Number(match[1]) / 1e6
      else onLine?.(line)
    }
  }
}

/** ffmpeg's last words as a sentence's end, without addresses of its objects and paths of ours. */
function reasonOf(fault: Fault): string {
  return String(fault.facts['reason'] ?? 'unknown')
    .replace(/\[[^\]]*@ 0x[0-9a-f]+\] ?/g, '')
    .replace(/file:\S*\/(\S+)/g, '$1')
    .replace(/\.$/, '')
}

import { paint } from './format.ts'
import type { Terminal } from './host.ts'
import { failedLine } from './line.ts'
import { type Report, paintFor, silent, withPaths } from './report.ts'
import { liveReport } from './report-live.ts'
import { plainReport } from './report-plain.ts'

export interface ReportOptions {
  readonly json?: boolean
  readonly quiet?: boolean
}

/** The report that fits: JSON lines, errors only, a redrawn block in a terminal, plain lines elsewhere. */
export function reportFor(options: ReportOptions, terminal: Terminal): Report {
  if (options.json) return jsonReport(terminal)
  if (options.quiet) return quietReport(terminal)
  const { stdout, env } = terminal
  const moves = stdout.isTTY === true && env['TERM'] !== 'dumb'
  return moves ? liveReport(terminal, paintFor(terminal)) : plainReport(terminal, paintFor(terminal))
}

function jsonReport({ stdout, stderr }: Terminal): Report {
  const line = (value: unknown) => stdout.write(`${JSON.stringify(value)}\n`)
  return {
    ...silent,
    event: line,
    ended: (job) => line(withPaths(job)),
    note: (says) => stderr.write(`jackdaw: ${says}\n`),
  }
}

function quietReport(terminal: Terminal): Report {
  const { stderr } = terminal
  return {
    ...silent,
    ended: (job) => {
      if (job.state !== 'done') stderr.write(`${failedLine(job.title, job.fault, paint(false))}\n`)
    },
  }
}

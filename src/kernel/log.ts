import { createRequire } from 'node:module'
import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'
import type { PinoPretty } from 'pino-pretty'
import { maskValue } from './mask.ts'

export type Log = Logger

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export interface LogHow {
  readonly level?: LogLevel
  /** One JSON object per line for machines (production), or short lines for people; `coloured` for a terminal. */
  readonly form?: 'json' | 'plain' | 'coloured'
  /** Asked at every line: what must never be shown, beside everything that looks like a secret. */
  readonly secrets?: () => Iterable<string>
  /** Where lines go; standard error unless given, for standard output belongs to what was asked for. */
  readonly stream?: DestinationStream
}

/**
 * The log of a process. A line is masked as a whole just before it is written, so that no message, field, error or child
 * logger goes past it. Children carry their fields: `log.child({ job, step })`. Lines are written at once: what was said
 * before a crash is there after it.
 */
export function createLog(how: LogHow = {}): Log {
  const { level = 'info', form = 'json', secrets = () => [] } = how
  const target = how.stream ?? pino.destination({ dest: 2, sync: true })
  const stream =
    form === 'json'
      ? target
      : pretty()({
          destination: target,
          colorize: form === 'coloured',
          ignore: 'pid,hostname',
          translateTime: 'SYS:HH:MM:ss.l',
          // In the same turn as the call, so that lines of the log and of standard output keep their order.
          sync: true,
        })
  return pino(
    {
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.errWithCause },
      hooks: { streamWrite: (line) => `${JSON.stringify(maskValue(JSON.parse(line), secrets()))}\n` },
    },
    stream,
  )
}

/** Loaded when lines are for people: it costs others 100 ms of their start. */
function pretty(): typeof PinoPretty {
  // The package's own type of what it exports.
  return (createRequire(import.meta.url)('pino-pretty') as { PinoPretty: typeof PinoPretty }).PinoPretty
}

/** JSON in production, lines for people elsewhere, with colours when somebody is looking at a terminal. */
export function logForm(environment: string, isTerminal: boolean): NonNullable<LogHow['form']> {
  if (environment === 'production') return 'json'
  return isTerminal ? 'coloured' : 'plain'
}

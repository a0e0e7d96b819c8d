import { renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { createLog, type Log } from '#kernel/log.ts'
import type { Config } from './config.ts'

/** Above this the file of commands is put aside as `.1` at the next start, replacing the one before. */
const mostBytes = 10 * 1024 * 1024

/**
 * A server logs to standard error, where whoever runs it collects it. A command speaks for itself on the terminal, so its
 * log goes to DATA/log/jackdaw.log, unless somebody asks for debug.
 */
export function openLog(config: Config, how: { readonly isServer: boolean }): Log {
  const { logLevel: level } = config
  if (how.isServer || level === 'debug' || level === 'trace') {
    const pretty = process.stderr.isTTY ? 'coloured' : 'plain'
    return createLog({ level, form: config.logFormat === 'json' ? 'json' : pretty })
  }
  const dest = join(config.data, 'log', 'jackdaw.log')
  putAside(dest)
  return createLog({ level, form: 'json', stream: pino.destination({ dest, mkdir: true, sync: true, mode: 0o600 }) })
}

function putAside(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > mostBytes) renameSync(path, `${path}.1`)
}

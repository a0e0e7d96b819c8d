import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Client, CommonOptions, Host, Session } from './host.ts'

/** Opens the house for a short question (`work`: which takes jobs to answer), and closes it. Ctrl-C ends the question with 130. */
export async function asking(
  options: CommonOptions,
  host: Host,
  ask: (client: Client, say: (line: string) => void, session: Session) => Promise<unknown>,
  how: { readonly work: boolean } = { work: false },
): Promise<number> {
  const stop = new AbortController()
  const forget = host.terminal.onStop(() => stop.abort())
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  stop.signal.addEventListener('abort', () => reject(stop.signal.reason))
  stopped.catch(() => undefined)
  try {
    await using session = await host.open(options, { work: how.work, signal: stop.signal })
    await Promise.race([ask(session.client, (line) => void host.terminal.stdout.write(`${line}\n`), session), stopped])
    return 0
  } catch (error) {
    if (stop.signal.aborted) return 130
    throw error
  } finally {
    forget()
  }
}

/** A whole number from what was typed. Throws `input.invalid` that names the option. */
export function whole(text: string, option: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value
  throw new Fault('input.invalid', { reason: `${option}: expected ${least} to ${most}, not "${text}"` })
}

/** Seconds from `90`, `90s`, `15m`, `24h`, `7d`. */
export function seconds(text: string, option: string): number {
  const match = /^(\d+)\s*([smhd]?)$/i.exec(text.trim())
  const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }
  const value = Number(match?.[1]) * (units[(match?.[2] || 's').toLowerCase()] ?? 1)
  if (match !== null && value >= 1) return value
  throw new Fault('input.invalid', { reason: `${option}: expected a time such as 90m, 24h or 7d, not "${text}"` })
}

/** The first line of a file, for a password. */
export async function passwordFrom(path: string, host: Host): Promise<string> {
  try {
    return (await readFile(resolve(host.terminal.cwd, path), 'utf8')).replace(/\r?\n$/, '')
  } catch (error) {
    throw new Fault('input.invalid', { reason: `--password-file: cannot read ${path}` }, { cause: error })
  }
}

import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Fault } from '@jackdaw/contract/faults.ts'
import { type JobSecrets, MediaKey } from '@jackdaw/contract/nouns/options.ts'
import type { Terminal } from './host.ts'

export interface SecretOptions {
  readonly header?: readonly string[]
  readonly user?: string
  readonly passwordFile?: string
  readonly cookies?: string
  readonly key?: readonly string[]
  readonly keyFile?: string
  readonly archivePasswordFile?: string
  /** `true`: the `.netrc` of the home folder. */
  readonly netrc?: string | true
}

/**
 * What opens the far side for one link. Passwords come from a file where somebody cares: arguments can be read by everybody
 * on the machine. Throws `input.invalid` for a file that cannot be read and for a header without a colon.
 */
export async function secretsFor(
  options: SecretOptions,
  terminal: Terminal,
): Promise<(link: string) => JobSecrets | undefined> {
  const shared: JobSecrets = {}
  if (options.header?.length) shared.headers = Object.fromEntries(options.header.map(parseHeader))
  if (options.user !== undefined) {
    const colon = options.user.indexOf(':')
    shared.user = colon < 0 ? options.user : options.user.slice(0, colon)
    if (colon >= 0) shared.password = options.user.slice(colon + 1)
  }
  const read = (path: string, flag: string) => readNamed(resolve(terminal.cwd, path), flag)
  if (options.passwordFile !== undefined) {
    if (shared.user === undefined) throw new Fault('input.invalid', { reason: '--password-file needs --user NAME' })
    shared.password = (await read(options.passwordFile, '--password-file')).replace(/\r?\n$/, '')
  }
  if (options.cookies !== undefined) shared.cookies = await read(options.cookies, '--cookies')
  const keys = [
    ...(options.key ?? []).map((text) => parseKey(text, '--key')),
    ...(options.keyFile === undefined ? [] : keysOf(await read(options.keyFile, '--key-file'))),
  ]
  if (keys.length > 0) shared.keys = keys
  if (options.archivePasswordFile !== undefined) {
    shared.archivePassword = (await read(options.archivePasswordFile, '--archive-password-file')).replace(/\r?\n$/, '')
    if (shared.archivePassword === '')
      throw new Fault('input.invalid', { reason: '--archive-password-file: there is no password in it' })
  }
  const logins = options.netrc === undefined ? undefined : parseNetrc(await readNetrc(options.netrc, terminal))
  return (link) => {
    const login = shared.user === undefined ? logins?.(hostOf(link)) : undefined
    const secrets = { ...shared, ...login }
    return Object.keys(secrets).length === 0 ? undefined : secrets
  }
}

export interface Login {
  readonly user: string
  readonly password: string
}

/**
 * Reads a netrc file: `machine HOST login NAME password WORD`, `default` last, `macdef` up to a blank line passed over.
 * The answer finds the login for a host.
 */
export function parseNetrc(text: string): (host: string) => Login | undefined {
  const withoutMacros = text.replace(/^\s*macdef\s[\s\S]*?(\r?\n\s*\r?\n|$(?![\s\S]))/gm, '\n')
  const words = [...withoutMacros.replace(/^\s*#.*$/gm, '').matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
    ([, quoted, bare]) => quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '',
  )
  const entries: { host: string | undefined; user: string; password: string }[] = []
  for (let index = 0; index < words.length; index++) {
    const entry = entries.at(-1)
    if (words[index] === 'machine') entries.push({ host: words[++index]?.toLowerCase(), user: '', password: '' })
    else if (words[index] === 'default') entries.push({ host: undefined, user: '', password: '' })
    else if (words[index] === 'login' && entry) entry.user = words[++index] ?? ''
    else if (words[index] === 'password' && entry) entry.password = words[++index] ?? ''
    else if (words[index] === 'account') index++
  }
  return (host) => {
    const found =
      entries.find((entry) => entry.host === host.toLowerCase()) ?? entries.find((entry) => entry.host === undefined)
    return found && host !== '' ? { user: found.user, password: found.password } : undefined
  }
}

function parseHeader(text: string): [string, string] {
  const match = /^([^\s:]+)\s*:\s*(.*)$/s.exec(text)
  // The value may be a token: it stays out of the message.
  if (!match) throw new Fault('input.invalid', { reason: 'a --header is written as "Name: value"' })
  return [match[1] ?? '', match[2] ?? '']
}

/** A key per line; `#` begins a remark. Throws `input.invalid` when there is none. */
function keysOf(text: string): MediaKey[] {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/#.*$/, '').trim())
  const keys = lines.filter((line) => line !== '').map((line) => parseKey(line, '--key-file'))
  if (keys.length === 0) throw new Fault('input.invalid', { reason: '--key-file: there is no key in it' })
  return keys
}

/** `KEY` or `KID:KEY`, 32 hex digits each. */
function parseKey(text: string, flag: string): MediaKey {
  const parts = text.trim().split(':')
  const [kid, key] = parts.length === 2 ? parts : [undefined, parts[0]]
  const parsed = MediaKey.safeParse(kid === undefined ? { key } : { kid, key })
  // A key is a secret: it stays out of the message.
  if (!parsed.success || parts.length > 2)
    throw new Fault('input.invalid', { reason: `${flag}: expected 32 hex digits, or KID:KEY with 32 hex digits each` })
  return parsed.data
}

async function readNetrc(named: string | true, terminal: Terminal): Promise<string> {
  if (named !== true) return readNamed(resolve(terminal.cwd, named), '--netrc')
  return readNamed(join(terminal.home, '.netrc'), '--netrc')
}

async function readNamed(path: string, flag: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new Fault('input.invalid', { reason: `${flag}: cannot read ${path} (${code})` }, { cause: error })
  }
}

function hostOf(link: string): string {
  return URL.parse(link)?.hostname ?? ''
}

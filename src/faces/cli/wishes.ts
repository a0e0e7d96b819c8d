import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { Fault } from '@jackdaw/contract/faults.ts'
import { ByteSize, type JobOptions } from '@jackdaw/contract/nouns/options.ts'
import type { Wish } from '@jackdaw/contract/operations/jobs.ts'
import type { Terminal } from './host.ts'
import { type ListLine, parseList } from './list-file.ts'
import { type MediaOptions, isAudioFormat, jobOptionsOf, recipeOf } from './media-options.ts'
import { type SecretOptions, secretsFor } from './secrets.ts'

export interface WishOptions extends SecretOptions, MediaOptions {
  readonly out?: string
  readonly name?: string
  readonly to?: readonly string[]
  readonly connections?: string
  readonly limit?: string
  readonly maxSize?: string
  readonly list?: string
  readonly skipBad?: boolean
}

/** At most this many lines make one batch: the contract's limit. */
const most = 10_000

/** What was typed, as wishes. `batch`: its name, when a list was given. Throws `input.invalid` before anything is started. */
export async function wishesFor(
  typed: readonly string[],
  options: WishOptions,
  terminal: Terminal,
): Promise<{ wishes: Wish[]; batch?: string }> {
  const swallowed: string[] = []
  const isFile = (path: string) => existsSync(resolve(terminal.cwd, path))
  const netrc = giveBack(options.netrc, (text) => isFile(text) || !/^[a-z][a-z0-9+.-]*:/i.test(text), swallowed)
  const audio = giveBack(options.audio, (text) => isAudioFormat(text) || !/[:./]/.test(text), swallowed)
  const lines: Pick<ListLine, 'link' | 'title'>[] = [...swallowed, ...typed].map((link) => ({ link }))
  if (options.list !== undefined) lines.push(...(await readList(options.list, options, terminal)))
  if (lines.length === 0) throw invalid('give a link, or --list FILE')
  if (lines.length > most) throw invalid(`there are ${lines.length} links; at most ${most} make one batch`)
  if (options.name !== undefined && lines.length > 1)
    throw invalid('--name is for one link; in a list write "name: link"')

  const shared: JobOptions = {
    ...jobOptionsOf({ ...options, ...(audio === undefined ? {} : { audio }) }),
    ...(options.connections === undefined ? {} : { connections: connectionsOf(options.connections) }),
    ...(options.limit === undefined ? {} : { limit: sizeOf(options.limit.replace(/\/s$/i, ''), '--limit') }),
    ...(options.maxSize === undefined ? {} : { maxBytes: sizeOf(options.maxSize, '--max-size') }),
  }
  const destinations = destinationsOf(options, terminal)
  const recipe = recipeOf(options.recipe)
  const secrets = await secretsFor({ ...options, ...(netrc === undefined ? {} : { netrc }) }, terminal)
  const wishes = lines.map(({ link, title }): Wish => {
    const name = options.name ?? title
    const secret = secrets(link)
    return {
      link,
      destinations,
      ...(recipe === undefined ? {} : { recipe }),
      options: { ...shared, ...(name === undefined ? {} : { name }) },
      ...(secret === undefined ? {} : { secrets: secret }),
    }
  })
  if (options.list === undefined) return { wishes }
  return { wishes, batch: options.list === '-' ? 'list' : basename(options.list).slice(0, 255) }
}

/** `--out DIR` and `--to …`; without both, the folder where the caller stands. Paths become absolute here. */
export function destinationsOf(options: Pick<WishOptions, 'out' | 'to'>, terminal: Pick<Terminal, 'cwd'>): string[] {
  const to = (options.to ?? []).map((destination) =>
    destination.startsWith('folder:')
      ? `folder:${resolve(terminal.cwd, destination.slice('folder:'.length))}`
      : destination,
  )
  const out = options.out ?? (to.length === 0 ? '.' : undefined)
  return [...new Set([...(out === undefined ? [] : [`folder:${resolve(terminal.cwd, out)}`]), ...to])]
}

async function readList(path: string, options: WishOptions, terminal: Terminal): Promise<ListLine[]> {
  const { lines, bad } = parseList(await readText(path, terminal))
  if (bad.length > 0) {
    const told = bad.slice(0, 20).map(({ number, says }) => `  line ${number}: ${says}`)
    if (bad.length > told.length) told.push(`  … and ${bad.length - told.length} more`)
    if (!options.skipBad) {
      const reason = `${bad.length} bad ${bad.length === 1 ? 'line' : 'lines'} in ${path}; nothing was started (--skip-bad leaves them out)\n${told.join('\n')}`
      throw invalid(reason)
    }
    terminal.stderr.write(`jackdaw: left out of ${path}\n${told.join('\n')}\n`)
  }
  if (lines.length === 0) throw invalid(`there is no link in ${path}`)
  return lines
}

async function readText(path: string, terminal: Terminal): Promise<string> {
  if (path === '-') return text(terminal.stdin)
  try {
    return await readFile(resolve(terminal.cwd, path), 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new Fault('input.invalid', { reason: `--list: cannot read ${path} (${code})` }, { cause: error })
  }
}

/** `--netrc LINK` means the option without a value: an optional value takes whatever follows it, and a link is given back. */
function giveBack(
  value: string | true | undefined,
  isMeant: (text: string) => boolean,
  swallowed: string[],
): string | true | undefined {
  if (typeof value !== 'string' || isMeant(value)) return value
  swallowed.push(value)
  return true
}

/** Bytes of `--limit 5M`. Throws `input.invalid` that names the flag. */
export function sizeOf(text: string, flag: string): number {
  const parsed = ByteSize.safeParse(text)
  if (!parsed.success) throw invalid(`${flag}: expected a size such as 500k, 10MB or 1.5GiB, not "${text}"`)
  return parsed.data
}

function connectionsOf(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > 64)
    throw invalid(`--connections: expected 1 to 64, not "${text}"`)
  return count
}

const invalid = (reason: string) => new Fault('input.invalid', { reason })

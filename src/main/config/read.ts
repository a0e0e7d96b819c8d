import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { type ConfigKey, configKeys, fieldOf, variableOf } from './fields.ts'
import { later, older } from './older.ts'
import { suggest } from '#kernel/suggest.ts'

/** Where a value came from: `name` is the option, the variable or the path of the file. */
export interface Origin {
  readonly from: 'flag' | 'environment' | 'file' | 'default'
  readonly name: string
}

export interface Given {
  readonly value: unknown
  readonly origin: Origin
}

export type Variables = Readonly<Record<string, string | undefined>>

/** Collects faults and notices, so that a person mends everything in one go. */
export interface Findings {
  readonly faults: string[]
  readonly notices: string[]
}

/** Options of the command line, by key. */
export function fromFlags(flags: Readonly<Partial<Record<ConfigKey, unknown>>>, cwd: string): Map<ConfigKey, Given> {
  const given = new Map<ConfigKey, Given>()
  for (const key of configKeys) {
    const value = flags[key]
    const { flag } = fieldOf(key)
    // An option of a command may be called like a key that has none: `get --key` is a key of media.
    if (value === undefined || flag === undefined) continue
    const origin: Origin = { from: 'flag', name: `--${flag}` }
    // A path that is typed is meant from where the person stands.
    given.set(key, { value: key === 'data' && typeof value === 'string' ? resolve(cwd, value) : value, origin })
  }
  return given
}

/** Variables of the environment or of `.env`: our name first, then `…_FILE`, then the aliases. Empty means not given. */
export function fromVariables(env: Variables, where: string, project: string, found: Findings): Map<ConfigKey, Given> {
  const from = where === '' ? 'environment' : 'file'
  const called = (name: string) => (where === '' ? name : `${name} in ${where}`)
  const given = new Map<ConfigKey, Given>()
  for (const key of configKeys) {
    const field = fieldOf(key)
    const spellings = [variableOf(key), ...(field.aliases ?? [])].flatMap((name) => [
      { name, file: false },
      ...(field.secret ? [{ name: `${name}_FILE`, file: true }] : []),
    ])
    const set = spellings.filter(({ name }) => (env[name] ?? '') !== '')
    const [first, ...rest] = set
    if (first === undefined) continue
    for (const other of rest) {
      if (env[other.name] !== env[first.name])
        found.notices.push(`${called(other.name)}: ${first.name} is used instead`)
    }
    const text = first.file
      ? readSecret(resolve(project, env[first.name] ?? ''), called(first.name), found)
      : env[first.name]
    if (text !== undefined) given.set(key, { value: text, origin: { from, name: called(first.name) } })
  }
  findStrangers(env, called, found)
  return given
}

/** `.env` of the project folder; absent is fine. */
export function readDotEnv(project: string, found: Findings): { path: string; env: Variables } {
  const path = join(project, '.env')
  try {
    return { path, env: parseEnv(readFileSync(path, 'utf8')) }
  } catch (error) {
    if (!isAbsent(error)) found.faults.push(`${path}: cannot be read (${codeOf(error)})`)
    return { path, env: {} }
  }
}

/** A JSON file with keys such as "databasePool". Absent is a fault only when somebody named it. */
export function fromJson(path: string, named: boolean, found: Findings): Map<ConfigKey, Given> {
  const given = new Map<ConfigKey, Given>()
  let json: unknown
  try {
    json = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) found.faults.push(`${path}: is not JSON`)
    else if (named || !isAbsent(error)) found.faults.push(`${path}: cannot be read (${codeOf(error)})`)
    return given
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    found.faults.push(`${path}: expected an object such as {"port": 8787}`)
    return given
  }
  const known = new Map<string, ConfigKey>(configKeys.map((key) => [key, key]))
  for (const [name, value] of Object.entries(json)) {
    const key = known.get(name)
    if (key === undefined) found.faults.push(`${name} in ${path}: unknown key${meant(name, configKeys)}`)
    else given.set(key, { value, origin: { from: 'file', name: `${name} in ${path}` } })
  }
  return given
}

function findStrangers(env: Variables, called: (name: string) => string, found: Findings): void {
  const known = new Set(['JACKDAW_CONFIG'])
  for (const key of configKeys) {
    for (const name of [variableOf(key), ...(fieldOf(key).aliases ?? [])]) {
      known.add(name)
      if (fieldOf(key).secret) known.add(`${name}_FILE`)
    }
  }
  for (const [name, value] of Object.entries(env)) {
    if (known.has(name) || value === undefined || value === '') continue
    const old = Object.hasOwn(older, name) ? older[name] : undefined
    if (old !== undefined) {
      found.notices.push(`${called(name)}: is not used, because ${old.says}. Its successor: ${old.successor}`)
    } else if (later.has(name)) {
      found.notices.push(`${called(name)}: is not used yet, because ${later.get(name)}`)
    } else if (name.startsWith('JACKDAW_')) {
      found.faults.push(`${called(name)}: unknown key${meant(name, [...known])}`)
    }
  }
}

function readSecret(path: string, name: string, found: Findings): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    found.faults.push(`${name}: ${path} cannot be read (${codeOf(error)})`)
    return undefined
  }
}

function meant(name: string, names: readonly string[]): string {
  const near = suggest(name, names)
  return near === undefined ? '' : `; did you mean ${near}?`
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unreadable'
const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error))

import { join, resolve } from 'node:path'
import type { Limits } from '@jackdaw/contract/operations/queue.ts'
import type { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import { checkTogether } from './config/checks.ts'
import { type Config, type ConfigKey, configKeys, Environment, fieldOf, variableOf } from './config/fields.ts'
import {
  type Findings,
  type Given,
  type Origin,
  type Variables,
  fromFlags,
  fromJson,
  fromVariables,
  readDotEnv,
} from './config/read.ts'

export type { Config, ConfigKey, Origin }

/** The folder of package.json: what relative paths of the configuration start from. */
export const projectFolder = resolve(import.meta.dirname, '../..')

export interface Sources {
  readonly flags?: Readonly<Partial<Record<ConfigKey, unknown>>>
  readonly env?: Variables
  /** JSON file; without it `JACKDAW_CONFIG`, else DATA/config.json if there is one. */
  readonly file?: string
  readonly project?: string
  readonly cwd?: string
}

export interface Loaded {
  readonly config: Config
  readonly origins: Readonly<Record<ConfigKey, Origin>>
  /** Things that work, but not as somebody may believe: older names, names that have no effect. */
  readonly notices: readonly string[]
}

/**
 * The configuration: option over environment over file (`.env` over JSON) over default.
 * Throws one `input.config` that lists every fault there is. Secrets are in the result and never in a message.
 */
export function loadConfig(sources: Sources = {}): Loaded {
  const project = sources.project ?? projectFolder
  const found: Findings = { faults: [], notices: [] }
  const env = sources.env ?? process.env
  const dotEnv = readDotEnv(project, found)
  const layers = [
    fromFlags(sources.flags ?? {}, sources.cwd ?? process.cwd()),
    fromVariables(env, '', project, found),
    fromVariables(dotEnv.env, dotEnv.path, project, found),
  ]
  const data = resolve(project, String(pick(layers, 'data')?.value ?? fieldOf('data').fallback))
  const named = sources.file ?? (env['JACKDAW_CONFIG'] || dotEnv.env['JACKDAW_CONFIG'])
  layers.push(fromJson(named ? resolve(project, named) : join(data, 'config.json'), Boolean(named), found))

  const environment = Environment.safeParse(pick(layers, 'environment')?.value ?? 'development').data ?? 'development'
  const values: Partial<Record<ConfigKey, unknown>> = {}
  const origins: Partial<Record<ConfigKey, Origin>> = {}
  for (const key of configKeys) {
    const field = fieldOf(key)
    const given: Given = pick(layers, key) ?? {
      value: field.byEnvironment?.(environment) ?? field.fallback,
      origin: { from: 'default', name: variableOf(key) },
    }
    origins[key] = given.origin
    const parsed = field.schema.safeParse(given.value)
    if (parsed.success) values[key] = parsed.data
    else found.faults.push(`${given.origin.name}: ${reasons(parsed.error)}${shown(given.value, field.secret)}`)
  }
  if (found.faults.length === 0) {
    // Every key has been parsed by its schema just above.
    const config = { ...values, data: resolve(project, String(values.data)) } as Config
    const together = checkTogether(config)
    found.faults.push(...together.faults)
    found.notices.push(...together.notices)
    if (found.faults.length === 0) {
      return { config, origins: origins as Record<ConfigKey, Origin>, notices: found.notices }
    }
  }
  throw new Fault('input.config', { reason: listed(found.faults), count: found.faults.length })
}

export interface ConfigRow {
  readonly key: ConfigKey
  readonly env: string
  readonly flag: string | undefined
  readonly default: string
  readonly description: string
  readonly secret: boolean
  readonly aliases: readonly string[]
  readonly reloadable: boolean
}

/** Every key, for `.env.example` and the documentation. */
export function describeConfig(): readonly ConfigRow[] {
  return configKeys.map((key) => {
    const field = fieldOf(key)
    const fallback = field.fallback ?? field.byEnvironment?.('development') ?? ''
    return {
      key,
      env: variableOf(key),
      flag: field.flag === undefined ? undefined : `--${field.flag}`,
      default: String(fallback),
      description: field.about,
      secret: field.secret ?? false,
      aliases: field.aliases ?? [],
      reloadable: field.reloadable ?? false,
    }
  })
}

/** The effective values and where each came from, secrets masked: what `jackdaw config` prints. */
export function showConfig(
  loaded: Loaded,
): readonly { env: string; value: string; origin: Origin; description: string }[] {
  return configKeys.map((key) => {
    const value = loaded.config[key]
    const text = value === undefined ? '' : Array.isArray(value) ? value.join(' ') : String(value)
    return {
      env: variableOf(key),
      value: fieldOf(key).secret && text !== '' ? '********' : text,
      origin: loaded.origins[key],
      description: fieldOf(key).about,
    }
  })
}

/** What the queue begins with; from then on these are settings, changed while running. */
export function firstLimits(config: Config): z.output<typeof Limits> {
  return {
    fetch: config.limitFetch,
    process: config.limitProcess,
    deliver: config.limitDeliver,
    resolve: config.limitResolve,
    perAccount: config.limitPerAccount,
    perSite: config.limitPerSite,
    perMachine: config.limitPerMachine,
    bandwidth: config.limitBandwidth,
    freeBytes: config.limitFreeBytes,
  }
}

function pick(layers: readonly Map<ConfigKey, Given>[], key: ConfigKey): Given | undefined {
  return layers.find((layer) => layer.has(key))?.get(key)
}

function reasons(error: z.ZodError): string {
  return [...new Set(error.issues.map((issue) => issue.message))].join('; ')
}

function shown(value: unknown, secret = false): string {
  return secret || value === undefined ? '' : ` (it is ${JSON.stringify(value)})`
}

function listed(faults: readonly string[]): string {
  return faults.length === 1
    ? String(faults[0])
    : `${faults.length} faults\n${faults.map((says) => `  ${says}`).join('\n')}`
}

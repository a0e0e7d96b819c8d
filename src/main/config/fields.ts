import ip from 'ipaddr.js'
import { z } from 'zod'
import { ByteSize } from '@jackdaw/contract/nouns/options.ts'

/** Where the house runs: decides defaults and how strict the checks are. */
export const Environment = z.preprocess(
  (text) => (typeof text === 'string' ? (environmentNames[text.toLowerCase()] ?? text) : text),
  z.enum(['development', 'staging', 'production']),
)
export type Environment = z.output<typeof Environment>

const environmentNames: Readonly<Record<string, string>> = {
  dev: 'development',
  development: 'development',
  local: 'development',
  test: 'development',
  testing: 'development',
  stage: 'staging',
  staging: 'staging',
  prod: 'production',
  production: 'production',
}

const LogLevel = z.preprocess(
  // Older programs were in Python and spell the levels its way.
  (text) => (typeof text === 'string' ? (pythonLevels[text.toLowerCase()] ?? text.toLowerCase()) : text),
  z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
)
const pythonLevels: Readonly<Record<string, string>> = { warning: 'warn', critical: 'fatal', notset: 'trace' }

const whole = (min: number, max: number) => {
  const error = `expected a whole number from ${min} to ${max}`
  return z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error })
}
const seconds = (max: number) => whole(1, max)
const ToolPath = z.string().min(1).max(4096).optional()

const Cidrs = z
  .union([z.string().transform((text) => text.split(/[\s,]+/).filter(Boolean)), z.array(z.string())])
  .superRefine((blocks, context) => {
    for (const block of blocks) {
      if (cidr(block) === undefined)
        context.addIssue({ code: 'custom', message: `"${block}" is not an address or CIDR` })
    }
  })
  .transform((blocks) => blocks.map((block) => cidr(block) ?? block))

const Words = z
  .union([z.string().transform((text) => text.split(/[\s,]+/).filter(Boolean)), z.array(z.string())])
  .readonly()

const Origins = Words.refine(
  (origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
  'expected origins such as https://panel.example.org, without a path',
)

const PublicUrl = z
  .url({ protocol: /^https?$/, error: 'expected an address such as https://media.example.org' })
  .transform((url) => url.replace(/\/+$/, ''))

const Key = z
  .string()
  .refine((text) => keyBytes(text).length === 32, 'expected 32 bytes as 64 hex digits or as base64')
  .optional()

export interface Field<S extends z.ZodType = z.ZodType> {
  readonly schema: S
  /** One line for people and for the documentation. */
  readonly about: string
  /** Used when nothing is given; none means that the value may be absent. */
  readonly fallback?: unknown
  readonly byEnvironment?: (environment: Environment) => unknown
  /** Name of the command line option, without the dashes. */
  readonly flag?: string
  /** Names of other programs that mean the same. Ours wins. */
  readonly aliases?: readonly string[]
  /** Never shown; `…_FILE` names a file that holds it. */
  readonly secret?: boolean
  /** May change on SIGHUP. */
  readonly reloadable?: boolean
}

const field = <S extends z.ZodType>(schema: S, about: string, more: Omit<Field<S>, 'schema' | 'about'> = {}) => ({
  schema,
  about,
  ...more,
})

/** Every configuration key: one line gives variable, option, default, documentation and masking. */
export const fields = {
  environment: field(Environment, 'development, staging or production: defaults and how strict the checks are', {
    fallback: 'development',
    aliases: ['ENVIRONMENT'],
  }),
  data: field(z.string().min(1), 'folder for everything that is kept; relative to the project folder', {
    fallback: './data',
    flag: 'data',
  }),
  databaseUrl: field(z.string().min(1).optional(), 'PostgreSQL 15 or newer; without it one is started in DATA/pg', {
    secret: true,
    aliases: ['DATABASE_URL'],
  }),
  databasePool: field(whole(1, 1000), 'connections that are kept open', { fallback: 10 }),
  databaseOverflow: field(whole(0, 1000), 'connections that may be opened beyond the pool', { fallback: 20 }),
  databaseStatementSeconds: field(seconds(86_400), 'a statement that takes longer is ended', { fallback: 60 }),
  databaseRecycleSeconds: field(seconds(604_800), 'a connection older than this is replaced', { fallback: 3600 }),
  port: field(whole(0, 65_535), 'port of the web server; 0 takes a free one', {
    fallback: 8787,
    flag: 'port',
    aliases: ['PORT'],
  }),
  host: field(z.string().min(1).max(255), 'address to listen on', { fallback: '127.0.0.1', flag: 'host' }),
  publicUrl: field(PublicUrl.optional(), 'address under which people reach the house, for links that are handed out'),
  hosts: field(Words, 'further names under which the house may be asked for (Host header)', { fallback: '' }),
  corsOrigins: field(Origins, 'origins of web pages elsewhere that may call the API', { fallback: '' }),
  netAllow: field(Cidrs, 'private addresses that may be reached all the same, as CIDR list', {
    fallback: '',
    reloadable: true,
  }),
  logLevel: field(LogLevel, 'trace, debug, info, warn, error, fatal or silent', {
    fallback: 'info',
    flag: 'log-level',
    aliases: ['LOG_LEVEL'],
    reloadable: true,
  }),
  logFormat: field(z.enum(['pretty', 'json']), 'pretty (default in development) or json', {
    byEnvironment: (environment) => (environment === 'development' ? 'pretty' : 'json'),
  }),
  key: field(Key, '32 bytes (hex or base64) that seal secrets at rest; without it DATA/secret.key is made', {
    secret: true,
  }),
  apiToken: field(z.string().min(16).max(1024).optional(), 'token for the API; without it one is made in DATA', {
    secret: true,
    aliases: ['ADMIN_API_TOKEN'],
  }),
  limitFetch: field(whole(0, 1000), 'first setting: fetching steps at once', { fallback: 8 }),
  limitProcess: field(whole(0, 1000), 'first setting: processing steps at once', { fallback: 2 }),
  limitDeliver: field(whole(0, 1000), 'first setting: delivering steps at once', { fallback: 8 }),
  limitResolve: field(whole(0, 1000), 'first setting: resolving steps at once', { fallback: 8 }),
  limitPerAccount: field(whole(1, 1000), 'first setting: running steps of one account and kind', { fallback: 8 }),
  limitPerSite: field(whole(1, 1000), 'first setting: fetching and resolving steps at one site', { fallback: 4 }),
  limitPerMachine: field(whole(1, 1000), 'first setting: processing steps on one machine', { fallback: 2 }),
  limitBandwidth: field(ByteSize, 'first setting: bytes per second for the whole house; 0 for no limit', {
    fallback: '0',
  }),
  limitFreeBytes: field(ByteSize, 'first setting: fetch nothing while less than this is free on the disk', {
    fallback: '256MiB',
  }),
  stallSeconds: field(seconds(3600), 'a transfer without a byte for this long counts as stalled', {
    fallback: 30,
  }),
  eventsDays: field(whole(1, 36_500), 'days for which events are kept', { fallback: 30, reloadable: true }),
  workerId: field(
    z
      .string()
      .regex(/^[\w.-]{1,100}$/, 'expected letters, digits, dot, dash and underscore')
      .optional(),
    'name of this worker; without it machine and process id',
  ),
  ffmpeg: field(ToolPath, 'path of ffmpeg'),
  ffprobe: field(ToolPath, 'path of ffprobe'),
  ytdlp: field(
    ToolPath,
    'path of yt-dlp; without it the one that "jackdaw update yt-dlp" has fetched, else the system\'s',
  ),
  ytdlpReleases: field(
    z.url({ protocol: /^https?$/, error: 'expected an address such as https://example.org/releases' }),
    'where "jackdaw update yt-dlp" finds yt-dlp and SHA2-256SUMS',
    { fallback: 'https://github.com/yt-dlp/yt-dlp/releases/latest/download' },
  ),
  aria2c: field(ToolPath, 'path of aria2c'),
  rclone: field(ToolPath, 'path of rclone'),
  sevenzip: field(ToolPath, 'path of 7zz'),
  unar: field(ToolPath, 'path of unar'),
} as const satisfies Record<string, Field>

export type ConfigKey = keyof typeof fields
export type Config = { readonly [K in ConfigKey]: z.output<(typeof fields)[K]['schema']> }

export const configKeys = Object.keys(fields) as readonly ConfigKey[]
export const fieldOf = (key: ConfigKey): Field => fields[key]

/** `databaseUrl` is `JACKDAW_DATABASE_URL`. */
export const variableOf = (key: ConfigKey): string =>
  `JACKDAW_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`

/** The 32 bytes of a key written as hex or base64; other lengths mean that it is not one. */
export function keyBytes(text: string): Buffer {
  return /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')
}

function cidr(block: string): string | undefined {
  if (ip.isValidCIDR(block)) return block
  if (!ip.isValid(block)) return undefined
  return `${block}/${ip.parse(block).kind() === 'ipv4' ? 32 : 128}`
}

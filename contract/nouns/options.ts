import { z } from 'zod'
import { RecipeStep } from './recipe.ts'

/** Letters of a size, a time or a language. */
const longestValue = 40

/** Bytes from `500`, `64k`, `10MB`, `1.5GiB` (k, M, G, T are powers of 1024, as people who type them expect). */
export const ByteSize = z.union([
  z.number().int().nonnegative(),
  z
    .string()
    // Longer texts are not even looked at: of a million spaces a pattern takes hours to say no.
    .max(longestValue, { abort: true })
    .regex(/^\s*\d+(\.\d+)?\s*([kmgt]i?)?b?\s*$/i, 'expected a size such as 500k, 10MB or 1.5GiB')
    .transform(parseByteSize)
    // What is stored is read again by the same schema.
    .pipe(z.number().int('expected a size below 8 PiB')),
])

/** Seconds from `90`, `1:30`, `1:02:03.5`, `1h2m3s`, `90s`. */
export const Moment = z.union([
  z.number().nonnegative(),
  z
    .string()
    .max(longestValue, { abort: true })
    .regex(
      /^\s*(\d+(\.\d+)?|(\d+:)?\d{1,2}:\d{1,2}(\.\d+)?|(?=\d)(\d+h)?(\d+m)?(\d+(\.\d+)?s)?)\s*$/i,
      'expected a time such as 90, 1:30 or 1h2m3s',
    )
    .transform(parseMoment),
])

/** A stretch of time, in seconds. Without `to`: until the end. */
export const Clip = z
  .object({ from: Moment, to: Moment.optional() })
  .refine(({ from, to }) => to === undefined || to > from, 'a clip ends after it begins')
export type Clip = z.output<typeof Clip>

/** Lines of a picture: `720` is at most 720 lines. */
export const Quality = z.union([z.enum(['best', 'worst']), z.coerce.number().int().min(1).max(8640)])
export type Quality = z.output<typeof Quality>

export const AudioFormat = z.enum(['best', 'mp3', 'm4a', 'opus', 'flac', 'wav'])
export type AudioFormat = z.infer<typeof AudioFormat>

const Language = z
  .string()
  .max(longestValue, { abort: true })
  .regex(/^[a-z]{2,8}([-_][a-z0-9]{1,8})*$/i, 'expected a language such as en or pt-BR')

/** `1-5,8,12-`: numbers of a list from 1; a range may be open at its end. */
export const Items = z
  .string()
  .max(1000, { abort: true })
  .regex(/^\s*\d+(\s*-\s*\d*)?(\s*,\s*\d+(\s*-\s*\d*)?)*\s*$/, 'expected items such as 1-5,8,12-')

/** How one job is fetched and what is made of it. Everything under `secret` is sealed at rest and never shown again. */
export const JobOptions = z.object({
  name: z.string().min(1).max(255).optional().describe('name of the finished file'),
  connections: z
    .number()
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe('most connections to one site; adaptive when absent'),
  limit: ByteSize.optional().describe('bytes per second for this job'),
  maxBytes: ByteSize.optional().describe('refuse files larger than this; where there is a choice, take one that fits'),
  quality: Quality.optional().describe('most lines of the picture, or best or worst'),
  audio: AudioFormat.optional().describe('only the sound, in this format; best leaves it as it is'),
  language: z.array(Language).max(10).optional().describe('languages of the sound, the preferred one first'),
  subs: z
    .array(z.union([z.literal('all'), Language]))
    .max(50)
    .optional()
    .describe('languages of subtitles, or all'),
  subsAs: z.enum(['embed', 'files']).optional().describe('subtitles inside the file (default) or beside it'),
  clips: z.array(Clip).min(1).max(100).optional().describe('only these stretches'),
  joinClips: z.boolean().optional().describe('the clips as one file instead of a file each'),
  exact: z.boolean().optional().describe('cut at the very frame, which encodes anew; else at key frames'),
  items: Items.optional().describe('which members of a list'),
  list: z.boolean().optional().describe('of a list: a text file with its links instead of the media'),
  page: z.boolean().optional().describe('the page itself instead of the media on it'),
  choice: z.string().min(1).max(200).optional().describe('id of the choice to take'),
  chooseSeconds: z
    .number()
    .int()
    .min(1)
    .max(86_400)
    .optional()
    .describe('ask which choice to take, and wait this long'),
  recordSeconds: z.number().int().min(1).max(604_800).optional().describe('of something live: record this long'),
  steps: z.array(RecipeStep).max(30).optional().describe('further processing steps, after those of the recipe'),
  /** Its number in a list that it belongs to, as it stands before its name. */
  prefix: z.string().max(40).optional().describe('put before the name of each file'),
})
export type JobOptions = z.infer<typeof JobOptions>

/** A key that the user has: 16 bytes each, as hex. `kid` is left out for AES-128 (one key for all). */
export const MediaKey = z.object({
  kid: z
    .string()
    .regex(/^[0-9a-f]{32}$/i, 'expected 32 hex digits')
    .optional(),
  key: z.string().regex(/^[0-9a-f]{32}$/i, 'expected 32 hex digits'),
})
export type MediaKey = z.infer<typeof MediaKey>

/** What opens a door at the far side. Header names are those of RFC 9110; `cookies` is a Netscape cookie file's text. */
export const JobSecrets = z.object({
  headers: z.record(z.string().regex(/^[!#$%&'*+.^_`|~0-9a-z-]+$/i), z.string().max(8192)).optional(),
  user: z.string().max(255).optional(),
  password: z.string().max(1024).optional(),
  cookies: z.string().max(1_000_000).optional(),
  keys: z.array(MediaKey).max(100).optional(),
  archivePassword: z.string().min(1).max(1024).optional(),
})
export type JobSecrets = z.infer<typeof JobSecrets>

function parseByteSize(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)/i.exec(text)
  const power = ' kmgt'.indexOf((match?.[2] || ' ').toLowerCase())
  return Math.round(Number(match?.[1] ?? 0) * 1024 ** power)
}

function parseMoment(text: string): number {
  const named = /^\s*(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?\s*$/i.exec(text)
  if (named) return Number(named[1] ?? 0) * 3600 + Number(named[2] ?? 0) * 60 + Number(named[3] ?? 0)
  return text.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0)
}

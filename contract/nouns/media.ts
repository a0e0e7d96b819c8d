import { z } from 'zod'

/** What proves that bytes at a link are still the same: HTTP validators (RFC 9110, section 8.8) and the length. */
export const Validators = z.object({
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  bytes: z.number().int().nonnegative().optional(),
})
export type Validators = z.infer<typeof Validators>

/** What a file is beside the media itself. */
export const Role = z.enum(['subtitle', 'cover'])
export type Role = z.infer<typeof Role>

/** One thing to fetch, by one transport. `request` is what that transport needs to know; others do not read it. */
export const Part = z.object({
  transport: z.string(),
  name: z.string(),
  type: z.string().optional(),
  bytes: z.number().int().nonnegative().optional(),
  site: z.string(),
  role: Role.optional(),
  /** Of a subtitle or a sound track (BCP 47). */
  language: z.string().optional(),
  /** Its address was made for us and runs out: ISO time of when it was given. What fails later is resolved anew. */
  givenAt: z.string().optional(),
  request: z.record(z.string(), z.json()),
})
export type Part = z.infer<typeof Part>

/** One way to have the media: exactly one is taken. Several parts (picture and sound) are merged into one file. */
export const Choice = z.object({
  /** Short, and the same when the link is resolved again. */
  id: z.string().min(1).max(200),
  kind: z.enum(['video', 'audio', 'picture', 'file']),
  /** For people: `1080p60 h264 + aac`. */
  label: z.string().max(200),
  width: z.number().int().positive().optional(),
  height: z.number().int().positive().optional(),
  framesPerSecond: z.number().positive().optional(),
  /** Of everything together, bits per second. */
  bitrate: z.number().nonnegative().optional(),
  /** Of everything together; estimated when `isEstimate`. */
  bytes: z.number().int().nonnegative().optional(),
  isEstimate: z.boolean().optional(),
  language: z.string().optional(),
  videoCodec: z.string().optional(),
  audioCodec: z.string().optional(),
  /** Extension without its dot: what the finished file is without conversion. */
  container: z.string().max(10).optional(),
  parts: z.array(Part).min(1),
})
export type Choice = z.infer<typeof Choice>

/** A choice as people see it. */
export const ChoiceView = Choice.omit({ parts: true })
export type ChoiceView = z.infer<typeof ChoiceView>

export const Chapter = z.object({
  title: z.string(),
  from: z.number().nonnegative(),
  to: z.number().nonnegative().optional(),
})
export type Chapter = z.infer<typeof Chapter>

/** What the far side says of the media. Nothing of it is trusted; texts are cut by whoever reads them. */
export const About = z.object({
  durationSeconds: z.number().nonnegative().optional(),
  isLive: z.boolean().optional(),
  author: z.string().max(500).optional(),
  authorLink: z.string().max(2048).optional(),
  publishedAt: z.string().max(40).optional(),
  description: z.string().max(20_000).optional(),
  /** Where people see it. */
  page: z.string().max(8192).optional(),
  /** Address of a picture. */
  thumbnail: z.string().max(8192).optional(),
  chapters: z.array(Chapter).max(1000).optional(),
})
export type About = z.infer<typeof About>

/** A member of a list. `unavailable`: the far side says that it cannot be had, and why. */
export const Entry = z.object({
  link: z.string().max(8192),
  title: z.string().max(500).optional(),
  /** Its number in the list, from 1. */
  index: z.number().int().positive().optional(),
  durationSeconds: z.number().nonnegative().optional(),
  unavailable: z.string().max(500).optional(),
})
export type Entry = z.infer<typeof Entry>

/** A source's answer: what to fetch, or `entries` (more links) if it is a list. */
export const Media = z.object({
  title: z.string(),
  source: z.string(),
  about: About.optional(),
  validators: Validators.optional(),
  /** Fetched whatever is chosen. */
  parts: z.array(Part),
  /** Best first. When there are any, one of them is fetched besides `parts`. */
  choices: z.array(Choice).max(500).optional(),
  /** Those that there are; fetched when asked for. `automatic`: made by a machine. */
  subtitles: z
    .array(z.object({ language: z.string().max(40), automatic: z.boolean(), part: Part }))
    .max(1000)
    .optional(),
  /** A picture for it; fetched when something embeds it. */
  cover: Part.optional(),
  entries: z.array(Entry).optional(),
  /** How many entries the far side has, when that is more than `entries`. */
  entriesInAll: z.number().int().nonnegative().optional(),
})
export type Media = z.infer<typeof Media>

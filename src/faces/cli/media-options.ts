import type { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import { AudioFormat, Clip, JobOptions, Moment, Quality } from '@jackdaw/contract/nouns/options.ts'
import { RecipeName } from '@jackdaw/contract/nouns/recipe.ts'
import { parseStep } from './step-text.ts'

/** What was typed about the media itself: the same flags for `get`, `recipes preview` and, in part, `prefer`. */
export interface MediaOptions {
  readonly quality?: string
  /** `true`: without a format. */
  readonly audio?: string | true
  readonly language?: readonly string[]
  readonly clip?: readonly string[]
  readonly joinClips?: boolean
  readonly exact?: boolean
  readonly subs?: readonly string[]
  readonly subsAs?: string
  readonly items?: string
  readonly listOnly?: boolean
  readonly page?: boolean
  readonly record?: string
  readonly recipe?: string
  readonly step?: readonly string[]
  readonly extract?: boolean
  readonly choice?: string
}

/** The flags as options of a job. Throws `input.invalid` that names the flag and says what it takes. Pure. */
export function jobOptionsOf(typed: MediaOptions): JobOptions {
  const { shape } = JobOptions
  const { quality, language, subs, subsAs, items, record } = typed
  const clips = typed.clip?.flatMap(commas).map(clipOf)
  if (typed.joinClips && clips === undefined)
    throw invalid('--join-clips: there is nothing to join without --clip FROM-TO')
  const steps = [...(typed.extract ? [parseStep('extract')] : []), ...(typed.step ?? []).map(parseStep)]
  return present({
    quality: quality === undefined ? undefined : qualityOf(quality),
    audio: typed.audio === undefined ? undefined : audioOf(typed.audio),
    language: take(shape.language, '--language', language?.flatMap(commas), languages),
    subs: take(shape.subs, '--subs', subs?.flatMap(commas), `${languages}, or all`),
    subsAs: take(shape.subsAs, '--subs-as', subsAs, 'embed or files'),
    clips: take(shape.clips, '--clip', clips, 'at most 100 clips'),
    joinClips: typed.joinClips,
    exact: typed.exact,
    items: take(shape.items, '--items', items, 'numbers of the list such as 1-5,8,12-'),
    list: typed.listOnly,
    page: typed.page,
    recordSeconds: record === undefined ? undefined : recordOf(record),
    choice: take(shape.choice, '--choice', typed.choice, 'the id of a choice'),
    steps: steps.length === 0 ? undefined : take(shape.steps, '--step', steps, 'at most 30 steps'),
  })
}

/** The recipe that was named; throws `input.invalid` when no recipe can have that name. */
export function recipeOf(name: string | undefined): string | undefined {
  return take(RecipeName, '--recipe', name, 'a name (see "jackdaw recipes")')
}

/** `--audio` and `--audio best` leave the sound as it is. */
export function audioOf(typed: string | true): AudioFormat {
  return typed === true ? 'best' : read(AudioFormat, '--audio', typed, 'mp3, m4a, opus, flac or wav')
}

export function isAudioFormat(text: string): boolean {
  return AudioFormat.safeParse(text).success
}

const languages = 'languages such as en,pt-BR'

/** `720`, `1080p60` (so many lines, as sites write it), `4k`. */
function qualityOf(text: string): Quality {
  const typed = text.trim().toLowerCase()
  const lines = /^(\d+)(?:p(?:\d{2,3})?)?$/.exec(typed)?.[1] ?? thousands[typed] ?? typed
  return read(Quality, '--quality', lines, 'lines such as 720, 1080p or 4k, or best, worst', text)
}

/** Lines of what is sold by its columns. */
const thousands: Readonly<Record<string, number>> = { '2k': 1440, '4k': 2160, '8k': 4320 }

/** `1:30-2:00`; `90-` until the end; `-30` from the beginning. */
function clipOf(text: string): z.output<typeof Clip> {
  const [, from = '', to = ''] = /^([^-]*)-([^-]*)$/.exec(text) ?? []
  const expected = 'a stretch such as 1:30-2:00, 90- or -30'
  if (from.trim() === '' && to.trim() === '') throw wrong('--clip', expected, text)
  const moment = (typed: string) => read(Moment, '--clip', typed, expected, text)
  const clip = { from: from.trim() === '' ? 0 : moment(from), ...(to.trim() === '' ? {} : { to: moment(to) }) }
  return read(Clip, '--clip', clip, 'an end after its beginning', text)
}

function recordOf(text: string): number {
  const expected = 'a time such as 90, 5:00 or 1h30m, at most a week'
  const seconds = Math.round(read(Moment, '--record', text, expected))
  const parsed = JobOptions.shape.recordSeconds.safeParse(seconds)
  if (!parsed.success || text.trim() === '') throw wrong('--record', expected, text)
  return seconds
}

function read<T extends z.ZodType>(
  schema: T,
  flag: string,
  value: unknown,
  expected: string,
  typed = value,
): z.output<T> {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw wrong(flag, expected, shown(typed))
  return parsed.data
}

function shown(typed: unknown): string {
  if (!Array.isArray(typed)) return String(typed)
  return typed.every((one) => typeof one === 'string') ? typed.join(',') : `${typed.length} of them`
}

const commas = (text: string): string[] => text.split(',').map((one) => one.trim())

/** The same for a flag that may be absent. */
function take<T extends z.ZodType>(schema: T, flag: string, value: unknown, expected: string): z.output<T> | undefined {
  return value === undefined ? undefined : read(schema, flag, value, expected)
}

function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // What is left has no undefined values: that is what is taken out here.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}

const wrong = (flag: string, expected: string, text: string) => invalid(`${flag}: expected ${expected}, not "${text}"`)
const invalid = (reason: string) => new Fault('input.invalid', { reason })

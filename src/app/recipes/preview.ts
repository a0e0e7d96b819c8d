import type { Choice, Media, Part } from '@jackdaw/contract/nouns/media.ts'
import { Clip } from '@jackdaw/contract/nouns/options.ts'
import type { PlannedStep } from '@jackdaw/contract/operations/recipes.ts'
import { formatDuration } from '#kernel/bytes.ts'
import { plan } from '#pipeline/plan.ts'
import type { Previewed } from './operations.ts'

/** An engine as a preview needs it. */
export interface PreviewEngine {
  readonly kind: 'source' | 'transport' | 'processor' | 'destination'
  readonly name: string
  readonly title: string
  readonly available: boolean
}

/** The steps that a job would have for media of this type, in words. The real plan, on media that is made up. Pure. */
export function previewSteps(job: Previewed, engines: readonly PreviewEngine[]): PlannedStep[] {
  const { options, recipe, destinations, type } = job
  const steps = plan({
    media: anyMedia(job),
    choice: { id: 'any', kind: 'file', label: 'any', parts: [part(type)] } satisfies Choice,
    options,
    recipe,
    destinations,
    reuse: undefined,
    earlier: [],
    newId: () => '',
  })
  const kinds = { process: 'processor', deliver: 'destination' } as const
  const process = steps.map(({ kind, engine, input, optional }): PlannedStep => {
    const found = engines.find((one) => one.name === engine && one.kind === kinds[kind as keyof typeof kinds])
    if (kind === 'fetch') {
      const { role, language } = (input as { part: Part }).part
      return { kind, engine, says: fetches(job, role, language), optional, available: true }
    }
    const available = found?.available ?? false
    if (kind === 'deliver') return { kind, engine, says: delivers(engine, input), optional, available }
    return { kind: 'process', engine, says: does(found?.title ?? engine, input), optional, available }
  })
  return [{ kind: 'resolve', engine: 'any', says: asks(job), optional: false, available: true }, ...process]
}

function anyMedia({ options }: Previewed): Media {
  const languages = (options.subs ?? []).map((language) => (language === 'all' ? 'en' : language))
  return {
    title: '',
    source: 'any',
    parts: [],
    subtitles: languages.map((language) => ({ language, automatic: false, part: part('text/vtt') })),
  }
}

const part = (type: string): Part => ({ transport: 'any', name: 'any', type, site: '', request: {} })

function asks({ options }: Previewed): string {
  const asked = options.chooseSeconds === undefined ? '' : ', and ask which of it to take'
  const items = options.items === undefined ? '' : `; of a list, the items ${options.items}`
  return `see what is behind the link${asked}${items}`
}

function fetches({ options }: Previewed, role: Part['role'], language: string | undefined): string {
  if (role === 'cover') return 'fetch its picture'
  if (role === 'subtitle')
    return options.subs?.includes('all') ? 'fetch all subtitles' : `fetch the subtitles (${language ?? 'any'})`
  const { choice, quality, audio, maxBytes, recordSeconds } = options
  const what =
    choice !== undefined
      ? `the choice ${choice}`
      : audio !== undefined
        ? 'the best sound'
        : typeof quality === 'number'
          ? `the best of at most ${quality} lines`
          : quality === 'worst'
            ? 'the smallest there is'
            : 'the best there is'
  const small = maxBytes === undefined ? '' : ` that has at most ${maxBytes} bytes`
  const live = recordSeconds === undefined ? '' : `; of something live, ${recordSeconds} seconds`
  return `fetch ${what}${small}${live}`
}

function does(title: string, input: NonNullable<ReturnType<typeof plan>[number]['input']>): string {
  const { options = {}, only, except } = input as Given
  const details = Object.entries(options).flatMap(([name, value]) => {
    // What is not done needs no words, and what is done only its name.
    if (value === false) return []
    return [value === true ? name : `${name} ${inWords(value)}`]
  })
  const files = [only && `only ${only.join(', ')}`, except && `not ${except.join(', ')}`].filter(Boolean)
  return [title, ...details, ...files].join('; ')
}

interface Given {
  readonly options?: Readonly<Record<string, unknown>>
  readonly only?: readonly string[]
  readonly except?: readonly string[]
}

function inWords(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(inWords).join(', ')
  const stretch = Clip.safeParse(value)
  if (!stretch.success) return JSON.stringify(value)
  const { from, to } = stretch.data
  // Rounded, a moment between two seconds would be another one.
  const moment = (seconds: number) => (Number.isInteger(seconds) ? formatDuration(seconds) : `${seconds}s`)
  return `${moment(from)}-${to === undefined ? '' : moment(to)}`
}

function delivers(engine: string, input: unknown): string {
  const { to } = input as { readonly to: string }
  return to === '' ? `put it into the ${engine}` : `put it into the ${engine} ${to}`
}

import { posix } from 'node:path'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Asset } from '@jackdaw/contract/nouns/asset.ts'
import { safeName, splitName } from '#kernel/names.ts'

/** What a template for paths may say between braces, and what stands there. Dates are those of the asset, in UTC. */
export const variables = {
  name: 'name of the file with its extension',
  stem: 'name without the extension',
  ext: 'extension without its dot',
  title: 'title of the media',
  site: 'where it came from',
  year: 'four digits',
  month: '01 to 12',
  day: '01 to 31',
  id: 'id of the asset',
} as const

export type Variable = keyof typeof variables

export interface Template {
  /** Everything before the first segment with a variable: taken as it is, the result never leaves it. */
  readonly prefix: string
  /** Segments below the prefix; the last one names the file. */
  readonly segments: readonly string[]
}

/**
 * Reads `/srv/media` (a folder) or `/srv/media/{year}/{site}/{name}` (a template). The last segment names the file if it
 * has `{name}`, `{stem}` or `{ext}` in it; otherwise it is one more folder and `{name}` follows. Throws `input.invalid`.
 */
export function parseTemplate(text: string): Template {
  const refuse = (reason: string) => new Fault('input.invalid', { reason: `folder "${text}": ${reason}` })
  if (!posix.isAbsolute(text)) throw refuse('an absolute path is needed')
  if (text.includes('\0')) throw refuse('it has a NUL character')
  const all = text.split('/').filter((segment) => segment !== '')
  for (const segment of all) {
    if (segment === '..' || segment === '.') throw refuse('steps such as ".." are not allowed')
    if (/[{}]/.test(segment.replace(/\{\w+\}/g, ''))) throw refuse('a brace has no partner')
    for (const [, name = ''] of segment.matchAll(/\{(\w+)\}/g)) {
      if (!Object.hasOwn(variables, name)) {
        throw refuse(`{${name}} is not known; there are ${Object.keys(variables).join(', ')}`)
      }
    }
  }
  const fixed = all.findIndex((segment) => segment.includes('{'))
  const prefix = `/${all.slice(0, fixed < 0 ? all.length : fixed).join('/')}`
  const segments = fixed < 0 ? [] : all.slice(fixed)
  const namesFile = !text.endsWith('/') && /\{(?:name|stem|ext)\}/.test(segments.at(-1) ?? '')
  return { prefix, segments: namesFile ? segments : [...segments, '{name}'] }
}

/** The relative path for an asset: every value and every segment passes `safeName`, so nothing in it can climb. */
export function fillTemplate(
  template: Template,
  asset: Pick<Asset, 'id' | 'name' | 'createdAt'>,
  media: { readonly title?: string | undefined; readonly site?: string | undefined },
): string {
  const name = safeName(asset.name)
  const { stem, extension } = splitName(name)
  const [year = '', month = '', day = ''] = new Date(asset.createdAt).toISOString().slice(0, 10).split('-')
  const values: Record<Variable, string> = {
    name,
    stem,
    ext: extension.slice(1),
    title: safeName(media.title ?? '', { fallback: stem }),
    site: safeName(media.site ?? '', { fallback: 'unknown' }),
    year,
    month,
    day,
    id: safeName(asset.id),
  }
  const fill = (segment: string) => segment.replace(/\{(\w+)\}/g, (_, key: string) => values[key as Variable])
  return template.segments.map((segment) => safeName(fill(segment))).join('/')
}

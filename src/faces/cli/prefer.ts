import { Fault } from '@jackdaw/contract/faults.ts'
import type { Preferences } from '@jackdaw/contract/operations/preferences.ts'
import { suggest } from '#kernel/suggest.ts'
import { asking } from './asking.ts'
import { size, table } from './format.ts'
import type { CommonOptions, Host } from './host.ts'
import { type MediaOptions, jobOptionsOf, recipeOf } from './media-options.ts'
import { sizeOf } from './wishes.ts'

type PreferOptions = CommonOptions &
  Pick<MediaOptions, 'quality' | 'audio' | 'language' | 'subs' | 'subsAs' | 'recipe'> & {
    readonly maxSize?: string
    readonly forget?: readonly string[]
    readonly json?: boolean
  }

/** Each preference by the flag that sets it. */
const flags: Readonly<Record<keyof Preferences, string>> = {
  quality: 'quality',
  audio: 'audio',
  language: 'language',
  subs: 'subs',
  subsAs: 'subs-as',
  maxBytes: 'max-size',
  recipe: 'recipe',
}

/** Shows what is preferred, after changing what was given. */
export async function prefer(options: PreferOptions, host: Host): Promise<number> {
  const { recipe: named, ...typed } = options
  const recipe = recipeOf(named)
  const change = {
    ...Object.fromEntries((options.forget ?? []).flatMap(namesOf).map((name) => [name, null])),
    ...jobOptionsOf(typed),
    ...(options.maxSize === undefined ? {} : { maxBytes: sizeOf(options.maxSize, '--max-size') }),
    ...(recipe === undefined ? {} : { recipe }),
  }
  return asking(options, host, async (client, say) => {
    const isChange = Object.keys(change).length > 0
    const preferences = isChange ? await client.preferences.set(change) : await client.preferences.get()
    if (options.json) return say(JSON.stringify(preferences))
    const rows = Object.entries(flags).flatMap(([key, flag]) => {
      const value = preferences[key as keyof Preferences]
      return value === undefined ? [] : [[flag, key === 'maxBytes' ? size(Number(value)) : String(value)]]
    })
    if (rows.length === 0)
      return say('Nothing is preferred: the best there is, as it comes. Such as: jackdaw prefer --quality 720')
    for (const line of table(rows, 0)) say(line)
  })
}

/** `quality,subs` as names of preferences; flags and names of the API are both understood. */
function namesOf(text: string): string[] {
  return text.split(',').map((typed) => {
    const wanted = typed.trim().replace(/^--/, '')
    const found = Object.entries(flags).find(([key, flag]) => key === wanted || flag === wanted)
    if (found !== undefined) return found[0]
    const near = suggest(wanted, Object.values(flags))
    const help = near === undefined ? `there are ${Object.values(flags).join(', ')}` : `did you mean ${near}?`
    throw new Fault('input.invalid', { reason: `--forget: there is no preference "${wanted}"; ${help}` })
  })
}

import type { Asset } from '@jackdaw/contract/nouns/asset.ts'
import { safeName, splitName, withNumber } from '#kernel/names.ts'
import { compilePattern, literal } from '#kernel/pattern.ts'
import type { RenameOptions, Rule } from './options.ts'

type Named = Pick<Asset, 'name' | 'facts' | 'sha256'>

/**
 * The new name of each asset, in their order: rules, then the template, then what is put before and after. Names are safe
 * and differ from each other. Pure.
 *
 * What belongs to a file follows it: beside `film.mp4`, `film.en.srt` keeps its `.en.srt` and is not counted.
 */
export function newNames(assets: readonly Named[], options: RenameOptions): readonly string[] {
  const rules = options.rules.map(compileRule)
  const leaders = assets.map((asset) => leaderOf(asset, assets))
  const counted = assets.filter((asset, at) => leaders[at] === asset)
  const digits = options.digits ?? String(options.from + counted.length - 1).length
  const stems = new Map<Named, string>()
  for (const [at, asset] of counted.entries()) {
    const index = String(options.from + at).padStart(digits, '0')
    stems.set(asset, stemOf(asset, { ...options, index, count: counted.length, rules }))
  }
  const taken = new Set<string>()
  return assets.map((asset, at) => {
    const leader = leaders[at] ?? asset
    const rest = asset.name.slice(splitName(leader.name).stem.length)
    const name = safeName(`${safeName(stems.get(leader) ?? '')}${rest}`)
    let free = name
    for (let number = 2; taken.has(free.toLowerCase()); number++) free = withNumber(name, number)
    taken.add(free.toLowerCase())
    return free
  })
}

/** The file that this one belongs to: the one with the shortest stem that this name begins with; itself if there is none. */
function leaderOf(asset: Named, assets: readonly Named[]): Named {
  const { stem } = splitName(asset.name)
  let leader = asset
  for (const other of assets) {
    const short = splitName(other.name).stem
    if (stem.startsWith(`${short}.`) && short.length < splitName(leader.name).stem.length) leader = other
  }
  return leader
}

type Ruling = (text: string) => string

function compileRule({ find, replace, regex, caseSensitive }: Rule): Ruling {
  const pattern = compilePattern(regex ? find : literal(find), { caseSensitive })
  // A dollar is a dollar unless groups were asked for.
  const replacement = regex ? replace : replace.replaceAll('$', '$$$$')
  return (text) => pattern.replace(text, replacement)
}

interface StemHow extends Omit<RenameOptions, 'rules'> {
  readonly rules: readonly Ruling[]
  readonly index: string
  readonly count: number
}

function stemOf(asset: Named, { template, before, after, facts, rules, index, count }: StemHow): string {
  const { stem, extension } = splitName(asset.name)
  const ruled = rules.reduce((name, rule) => rule(name), stem)
  if (template === undefined) return `${before}${ruled}${after}`
  const values: Readonly<Record<string, string | number | undefined>> = {
    ...facts,
    name: `${ruled}${extension}`,
    stem: ruled,
    ext: extension.slice(1),
    index,
    count,
    width: asset.facts?.width,
    height: asset.facts?.height,
    digest: asset.sha256.slice(0, 8),
  }
  const filled = template.replace(/\{(\w+)(?:\|([^{}]*))?\}/g, (_, name: string, otherwise: string | undefined) => {
    const value = Object.hasOwn(values, name) ? String(values[name] ?? '') : ''
    return value === '' ? (otherwise ?? '') : value
  })
  // `{name}` and `.{ext}` at the end bring the extension, which is put there anyway.
  const own = extension !== '' && filled.endsWith(extension) ? filled.slice(0, -extension.length) : filled
  return `${before}${own}${after}`
}

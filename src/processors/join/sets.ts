import { Fault } from '@jackdaw/contract/faults.ts'

/** What a name says of a part: of which file, which number, and of how many where it says so. */
export interface PartName {
  readonly whole: string
  readonly number: number
  readonly of?: number
  /** The name that another part of this set would have. */
  named(number: number): string
}

/** Files that are parts of one, in order. */
export interface PartSet<T> {
  readonly whole: string
  readonly parts: readonly T[]
}

/** `x.mp4.001`, `x.mp4.part2of5` and `x.mp4.part2`; volumes of an archive that have a head each (`.part1.rar`) are no parts. */
export function partOf(name: string): PartName | undefined {
  const numbered = /^(.+)\.(\d{3,4})$/.exec(name)
  if (numbered) {
    const [, whole = '', digits = ''] = numbered
    const number = Number(digits)
    // `report.2024` is a year; and a volume number begins with a zero until there are very many.
    if (number === 0 || (digits.length === 4 && !digits.startsWith('0'))) return undefined
    return { whole, number, named: (other) => `${whole}.${String(other).padStart(digits.length, '0')}` }
  }
  const counted = /^(.+)\.part(\d{1,4})(?:of(\d{1,4}))?$/i.exec(name)
  if (!counted) return undefined
  const [, whole = '', digits = '', total] = counted
  if (Number(digits) === 0) return undefined
  const end = total === undefined ? '' : `of${total}`
  return {
    whole,
    number: Number(digits),
    ...(total !== undefined && { of: Number(total) }),
    named: (other) => `${whole}.part${String(other).padStart(digits.length, '0')}${end}`,
  }
}

/**
 * Sorts parts into the files that they are of. One numbered file alone is none: nobody knows what it is a part of. Faults:
 * `process.broken` naming the part that is missing or there twice.
 */
export function setsOf<T extends { readonly name: string }>(files: readonly T[]): readonly PartSet<T>[] {
  const sets = new Map<string, { file: T; part: PartName }[]>()
  for (const file of files) {
    const part = partOf(file.name)
    if (part === undefined) continue
    const key = `${part.named(1).slice(part.whole.length).replace(/\d+/, '')}/${part.whole}`
    sets.set(key, [...(sets.get(key) ?? []), { file, part }])
  }
  return [...sets.values()].filter(isSet).map((members) => {
    const sorted = members.toSorted((a, b) => a.part.number - b.part.number)
    for (const [index, { part }] of sorted.entries()) {
      if (part.number <= index) throw broken(part.whole, `there are two parts ${part.number}`)
      if (part.number > index + 1) throw broken(part.whole, `${part.named(index + 1)} is missing`)
    }
    const [first] = sorted
    const { part } = first ?? { part: undefined }
    if (part?.of !== undefined && sorted.length < part.of) {
      throw broken(part.whole, `${part.named(sorted.length + 1)} is missing`)
    }
    return { whole: part?.whole ?? '', parts: sorted.map(({ file }) => file) }
  })
}

function isSet(members: readonly { readonly part: PartName }[]): boolean {
  return members.length > 1 || (members[0]?.part.of ?? 0) > 1
}

function broken(name: string, reason: string): Fault {
  return new Fault('process.broken', { name, reason })
}

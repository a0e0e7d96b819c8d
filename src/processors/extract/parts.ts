import type { Asset } from '@jackdaw/contract/nouns/asset.ts'
import { typeOfName } from '#kernel/sniff.ts'

export type Kind = 'zip' | '7z' | 'rar' | 'tar' | 'gzip' | 'bzip2' | 'xz' | 'zstd' | 'iso'

/** A file that may be an archive, or a part of one. Its name may have folders. */
export type Packed = Pick<Asset, 'name' | 'type' | 'bytes'> & { readonly path: string }

/** An archive: one file, or its parts in order. */
export interface ArchiveSet<F extends Packed = Packed> {
  readonly kind: Kind
  /** Cut by size, as `.001`, `.002`: the parts make sense only one after the other. */
  readonly isSplit: boolean
  /** As people know it: its first part, or the file. */
  readonly name: string
  /** Its name without what says that it is an archive. */
  readonly stem: string
  /** Each with the name under which programs find it beside the others. */
  readonly parts: readonly { readonly file: F; readonly as: string }[]
  /** Which of these names to open. */
  readonly open: string
  /** Name of a part that is not there though one after it is. */
  readonly missing: string | undefined
}

/** Whether it is an archive or a part of one. */
export function isPacked(file: Pick<Asset, 'name' | 'type'>): boolean {
  return kindOf(file) !== undefined || partOf(file.name) !== undefined
}

/** The archives among these files, in order of their first part. Pure. */
export function archivesIn<F extends Packed>(files: readonly F[]): readonly ArchiveSet<F>[] {
  const sets = new Map<string, { file: F; part: Part }[]>()
  const singles = new Map<string, F>()
  for (const file of files) {
    const part = partOf(file.name)
    if (part !== undefined) sets.set(part.set, [...(sets.get(part.set) ?? []), { file, part }])
    else if (kindOf(file) !== undefined) singles.set(`${singles.size} ${file.name}`, file)
  }
  const found: ArchiveSet<F>[] = []
  for (const [key, file] of singles) {
    // `a.zip` is the last part where there is an `a.z01`, `a.rar` the first where there is an `a.r00`.
    const part = headOf(file.name)
    const set = part === undefined ? undefined : sets.get(part.set)
    if (part === undefined || set === undefined || set.some((other) => other.part.number === part.number)) continue
    set.push({ file, part })
    singles.delete(key)
  }
  for (const members of sets.values()) found.push(setOf(members))
  for (const file of singles.values()) found.push(single(file))
  const at = (set: ArchiveSet<F>) => Math.min(...set.parts.map(({ file }) => files.indexOf(file)))
  return found.toSorted((a, b) => at(a) - at(b))
}

/** What one file is, by its type and, where several are called alike, its name. */
export function kindOf({ name, type }: Pick<Asset, 'name' | 'type'>): Kind | undefined {
  const said = type === 'application/octet-stream' || type === '' ? (typeOfName(name) ?? '') : type
  return kinds.get(said)
}

/** The name without `.zip`, `.tar.gz` and the like. */
export function withoutKind(name: string): string {
  return name.replace(/(?<=[^/])\.(?:zip|7z|rar|iso|tar|tgz|tbz2?|txz|tzst|(?:tar\.)?(?:gz|bz2|xz|zst))$/i, '')
}

interface Part {
  readonly kind: Kind
  /** The same for all parts of an archive. */
  readonly set: string
  readonly stem: string
  readonly style: 'part' | 'old' | 'split' | 'zip'
  /** From 1 without gaps; `a.zip` beside `a.z01` has none. */
  readonly number: number
  readonly as: string
}

function partOf(name: string): Part | undefined {
  const [, partStem, partNumber] = /^(.+)\.part(\d{1,4})\.rar$/is.exec(name) ?? []
  if (partStem !== undefined && partNumber !== undefined) {
    return part('rar', partStem, 'part', Number(partNumber), `archive.part${partNumber}.rar`)
  }
  const [, splitStem, splitKind, splitNumber] =
    /^(.+)\.(7z|zip|rar|tar|tgz|tar\.gz|tar\.bz2|tar\.xz|tar\.zst)\.(\d{3,4})$/is.exec(name) ?? []
  if (splitStem !== undefined && splitKind !== undefined && splitNumber !== undefined) {
    const kind = kinds.get(typeOfName(`a.${splitKind}`) ?? '') ?? 'gzip'
    return part(kind, splitStem, 'split', Number(splitNumber), `archive.${splitKind.toLowerCase()}.${splitNumber}`)
  }
  const [, oldStem, letter, oldNumber] = /^(.+)\.([rs])(\d\d)$/is.exec(name) ?? []
  if (oldStem !== undefined && letter !== undefined && oldNumber !== undefined) {
    const hundreds = letter.toLowerCase() === 's' ? 100 : 0
    const as = `archive.${letter.toLowerCase()}${oldNumber}`
    return part('rar', oldStem, 'old', hundreds + Number(oldNumber) + 2, as)
  }
  const [, zipStem, zipNumber] = /^(.+)\.z(\d\d)$/is.exec(name) ?? []
  if (zipStem === undefined || zipNumber === undefined) return undefined
  return part('zip', zipStem, 'zip', Number(zipNumber), `archive.z${zipNumber}`)
}

/** The part that carries no number, if the name may be one. */
function headOf(name: string): Part | undefined {
  const [, rar] = /^(.+)\.rar$/is.exec(name) ?? []
  if (rar !== undefined) return part('rar', rar, 'old', 1, 'archive.rar')
  const [, zip] = /^(.+)\.zip$/is.exec(name) ?? []
  return zip === undefined ? undefined : part('zip', zip, 'zip', lastPart, 'archive.zip')
}

/** After every `.z01` … `.z99`. */
const lastPart = 1000

function part(kind: Kind, stem: string, style: Part['style'], number: number, as: string): Part {
  return { kind, stem, style, number, as, set: `${style} ${kind} ${stem.toLowerCase()}` }
}

function single<F extends Packed>(file: F): ArchiveSet<F> {
  const kind = kindOf(file) ?? 'zip'
  const stem = withoutKind(file.name)
  const as = `archive.${kind}`
  return { kind, isSplit: false, name: file.name, stem, parts: [{ file, as }], open: as, missing: undefined }
}

function setOf<F extends Packed>(members: readonly { file: F; part: Part }[]): ArchiveSet<F> {
  const sorted = members.toSorted((a, b) => a.part.number - b.part.number)
  const [first = members[0]] = sorted
  if (first === undefined) throw new Error('a set has a part')
  const { kind, stem, style } = first.part
  const numbers = new Set(sorted.map(({ part }) => part.number))
  const last = Math.max(0, ...[...numbers].filter((number) => number < lastPart))
  let missing = style === 'zip' && !numbers.has(lastPart) ? `${stem}.zip` : undefined
  for (let number = last; number >= 1; number--) {
    if (!numbers.has(number)) missing = nameOf(first.file.name, style, stem, number)
  }
  const parts = sorted.map(({ file, part }) => ({ file, as: part.as }))
  const open = style === 'zip' ? 'archive.zip' : first.part.as
  return { kind, isSplit: style === 'split', name: first.file.name, stem, parts, open, missing }
}

/** How a part that is not there would be called, beside one that is. */
function nameOf(beside: string, style: Part['style'], stem: string, number: number): string {
  const digits = (text: string | undefined, value: number) => String(value).padStart(text?.length ?? 2, '0')
  switch (style) {
    case 'part':
      return `${stem}.part${digits(/\.part(\d+)\.rar$/i.exec(beside)?.[1], number)}.rar`
    case 'split':
      return beside.replace(/\d+$/, (text) => digits(text, number))
    case 'old':
      return number === 1 ? `${stem}.rar` : `${stem}.${number > 101 ? 's' : 'r'}${digits('00', (number - 2) % 100)}`
    case 'zip':
      return `${stem}.z${digits('00', number)}`
  }
}

const kinds: ReadonlyMap<string, Kind> = new Map([
  ['application/zip', 'zip'],
  ['application/x-zip-compressed', 'zip'],
  ['application/x-7z-compressed', '7z'],
  ['application/vnd.rar', 'rar'],
  ['application/x-rar-compressed', 'rar'],
  ['application/x-tar', 'tar'],
  ['application/gzip', 'gzip'],
  ['application/x-gzip', 'gzip'],
  ['application/x-bzip2', 'bzip2'],
  ['application/x-xz', 'xz'],
  ['application/zstd', 'zstd'],
  ['application/x-iso9660-image', 'iso'],
])

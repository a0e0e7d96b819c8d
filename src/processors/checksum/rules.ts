import { withNumber } from '#kernel/names.ts'

export const algorithms = ['sha256', 'sha512', 'sha1', 'md5'] as const
export type Algorithm = (typeof algorithms)[number]

/** As coreutils and everybody since name the list of an algorithm's sums. */
export function sumsName(algorithm: Algorithm): string {
  return `${algorithm.toUpperCase()}SUMS`
}

export interface Sum {
  readonly name: string
  readonly digest: string
}

/**
 * Lines that `sha256sum --check` reads: digest, two spaces, name; a backslash before the line, and before each backslash
 * and line break in the name, where the name has such (GNU coreutils, "md5sum invocation").
 */
export function sumsText(sums: readonly Sum[]): string {
  return sums.map(line).join('')
}

function line({ name, digest }: Sum): string {
  const escaped = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
  return `${escaped === name ? '' : '\\'}${digest}  ${escaped}\n`
}

/** The names under which files lie beside each other: a folder gives the second `a.txt` a number. */
export function distinct(names: readonly string[]): readonly string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let free = name
    for (let number = 2; taken.has(free); number++) free = withNumber(name, number)
    taken.add(free)
    return free
  })
}

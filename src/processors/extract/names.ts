import { safeName, withNumber } from '#kernel/names.ts'

/**
 * A file name for each path inside archives: `Season 1/01.mkv` becomes `Season 1 - 01.mkv`, as an asset has no folders.
 * Folders that all of them share say nothing and are left out. Names differ, whatever their case. Pure.
 */
export function flatNames(paths: readonly string[]): readonly string[] {
  const split = paths.map((path) => path.split(/[/\\]/).filter((segment) => segment !== '' && segment !== '.'))
  const shared = sharedFolders(split)
  return split.map((segments) =>
    safeName(
      segments
        .slice(shared)
        .map((segment) => safeName(segment))
        .join(' - '),
    ),
  )
}

/** Gives a number to names that are there already. */
export function apart(names: readonly string[]): readonly string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let free = name
    for (let number = 2; taken.has(free.toLowerCase()); number++) free = withNumber(name, number)
    taken.add(free.toLowerCase())
    return free
  })
}

function sharedFolders(paths: readonly (readonly string[])[]): number {
  const [first = []] = paths
  let shared = 0
  while (paths.every((path) => path.length > shared + 1 && path[shared] === first[shared])) shared++
  return shared
}

import type { Entry } from '@jackdaw/contract/nouns/media.ts'
import { cleanTitle } from '#kernel/title.ts'

/**
 * A list as text: a numbered "title: link" line per entry, which is what list files hold, and a comment for each that
 * cannot be had. Pure.
 */
export function listText(entries: readonly Entry[]): string {
  const most = Math.max(entries.length, ...entries.map(({ index }) => index ?? 0))
  const lines = entries.map(({ link, title, index, unavailable }, at) => {
    const number = prefixOf(index ?? at + 1, most)
    // A colon would end the title.
    const name = cleanTitle(title ?? '').replaceAll(':', ' -') || 'untitled'
    const line = `${number}${name}: ${link}`
    return unavailable === undefined ? line : `# ${line} (${cleanTitle(unavailable)})`
  })
  return `${lines.join('\n')}\n`
}

/** `007 `: as wide as the highest number of the list. */
export function prefixOf(number: number, most: number): string {
  return `${String(number).padStart(Math.max(2, String(most).length), '0')} `
}

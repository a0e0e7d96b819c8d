/** More entries of a list than this are not taken: a job is made of each. */
export const mostEntries = 10_000

/**
 * Items as people write them (`1-5,8,12-`) as yt-dlp's ranges. No list without an end: one more than may be taken is asked
 * for, which tells that there are more.
 */
export function itemRanges(items: string | undefined): string {
  if (items === undefined) return `1:${mostEntries + 1}`
  return items
    .split(',')
    .map((range) => {
      const [from = '', to] = range.split('-').map((text) => text.trim())
      if (to === undefined) return from
      return to === '' ? `${from}:${Number(from) + mostEntries}` : `${from}:${to}`
    })
    .join(',')
}

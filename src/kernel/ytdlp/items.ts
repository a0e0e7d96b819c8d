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

/** Stands in the fragment of a link: the member of the list on that page that is meant, when it has no address of its own. */
const mark = 'jackdaw-item'

/** A link to the member of a page's list. */
export function itemLink(page: URL, item: number): string {
  const link = new URL(page)
  link.hash = `#${mark}=${item}`
  return link.href
}

/** The page of a link, and the member that is meant when `itemLink` made it. */
export function itemOf(link: string): { readonly page: string; readonly item?: number } {
  const url = new URL(link)
  const match = new RegExp(`^#${mark}=(\\d{1,7})$`).exec(url.hash)
  if (!match) return { page: link }
  url.hash = ''
  return { page: url.href, item: Number(match[1]) }
}

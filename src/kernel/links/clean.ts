import { siteRules, under, universalTracking, type SiteRule } from './sites.ts'

export interface CleanedUrl {
  readonly url: URL
  /** Where the link says to begin: the start of a clip. */
  readonly startSeconds?: number
}

/**
 * A web address without what only says where it was shared: tracking parameters go, short and embedding forms become the
 * page's own, a moment (`t=1m30s`) becomes a number. Of sites that are not listed in `sites.ts` nothing is touched but
 * parameters that every site takes for tracking. Opens nothing: a short link that only its site can read stays as it is.
 * Idempotent, pure.
 */
export function cleanUrl(given: URL): CleanedUrl {
  if (given.protocol !== 'http:' && given.protocol !== 'https:') return { url: given }
  const rule = siteRules.find(({ hosts }) => hosts.some((host) => under(given, host)))
  const found = rule && momentOf(given, rule)
  let url = rule?.usual?.(given) ?? given
  // What was embedded may be in another spelling itself.
  url = rule?.usual?.(url) ?? url
  const again = rule && found === undefined ? momentOf(url, rule) : found
  const drop = [...universalTracking, ...(rule?.tracking ?? []), ...(again === undefined ? [] : (rule?.moment ?? []))]
  url = without(url, (name) =>
    rule?.keep
      ? !rule.keep.includes(name)
      : drop.some((one) => (typeof one === 'string' ? one === name : one.test(name))),
  )
  if (again !== undefined && /^#(?:t|start)=/.test(url.hash)) url = changed(url, (copy) => (copy.hash = ''))
  return { url, ...(again !== undefined && again > 0 && { startSeconds: again }) }
}

function momentOf(url: URL, { moment = [] }: SiteRule): number | undefined {
  const fragment = new URLSearchParams(url.hash.slice(1))
  for (const name of moment) {
    const text = url.searchParams.get(name) ?? fragment.get(name)
    const seconds = text === null ? undefined : secondsOf(text)
    if (seconds !== undefined) return seconds
  }
  return undefined
}

/** `90`, `90s`, `1m30s`, `1h2m3s`, `1:30`; undefined for anything else. */
function secondsOf(text: string): number | undefined {
  if (/^\d{1,7}(\.\d{1,3})?$/.test(text)) return Number(text)
  if (/^(\d{1,3}:)?\d{1,3}:\d{2}$/.test(text)) return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  const match = /^(?=\d)(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,7})s)?$/i.exec(text)
  return match ? Number(match[1] ?? 0) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0) : undefined
}

/** Works on the text: the parameters that stay keep their order and their very spelling. */
function without(url: URL, isDropped: (name: string) => boolean): URL {
  if (url.search.length < 2) return url
  const pairs = url.search.slice(1).split('&')
  const kept = pairs.filter((pair) => !isDropped(nameOf(pair)))
  return kept.length === pairs.length ? url : changed(url, (copy) => (copy.search = kept.join('&')))
}

function nameOf(pair: string): string {
  return new URLSearchParams(pair).keys().next().value ?? ''
}

function changed(url: URL, change: (copy: URL) => void): URL {
  const copy = new URL(url)
  change(copy)
  return copy
}

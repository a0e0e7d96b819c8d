/** A cue is read in seconds; more text than this is not meant to be read. */
const longest = 4000
/** What stands inside of these is no text that is shown: programs, styles, and the small signs of ruby. */
const hidden = new Set(['script', 'style', 'rt', 'rp', 'title', 'iframe', 'noscript', 'template'])
const kept = new Set(['b', 'i', 'u'])

/**
 * The text of a cue with nothing in it but words, line ends and balanced `<b>`, `<i>`, `<u>` without attributes. Everything
 * else that looks like a mark is gone; a `<` that is part of the text stands as `‹`, so that no player, whatever it does
 * with it, sees a mark. Entities are resolved before that, so that `&lt;script&gt;` is none either.
 */
export function safeText(raw: string): string {
  const text = raw.slice(0, longest)
  const open: string[] = []
  let result = ''
  let inside: string | undefined
  let last = 0
  // No `<` in a tag: the search is linear, and `<scr<b>ipt>` is text, a tag and text.
  for (const match of text.matchAll(/<(?=[a-z0-9/!?])(\/?)([a-z][a-z0-9]*)?[^<>]*>/gi)) {
    if (inside === undefined) result += plain(text.slice(last, match.index))
    last = match.index + match[0].length
    const [, slash, name = ''] = match
    const tag = name.toLowerCase()
    const closes = slash === '/'
    if (inside !== undefined) {
      if (closes && tag === inside) inside = undefined
    } else if (!closes && hidden.has(tag)) {
      inside = tag
    } else if (kept.has(tag)) {
      result += closes ? close(open, tag) : opened(open, tag)
    }
  }
  if (inside === undefined) result += plain(text.slice(last))
  result += open
    .toReversed()
    .map((tag) => `</${tag}>`)
    .join('')
  // An empty line would end the cue.
  const lines = result.split('\n').map((line) => line.trim())
  const words = lines.filter((line) => line !== '').join('\n')
  return words.replace(/<\/?[biu]>/g, '').trim() === '' ? '' : words
}

function opened(open: string[], tag: string): string {
  if (open.includes(tag)) return ''
  open.push(tag)
  return `<${tag}>`
}

/** Closes what was opened after it too: tags that overlap are not understood alike. */
function close(open: string[], tag: string): string {
  const at = open.lastIndexOf(tag)
  if (at === -1) return ''
  return open
    .splice(at)
    .toReversed()
    .map((each) => `</${each}>`)
    .join('')
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  lrm: '\u200e',
  rlm: '\u200f',
}

function plain(text: string): string {
  return (
    text
      .replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name: string | undefined) => {
        if (name !== undefined) return (Object.hasOwn(entities, name) ? entities[name] : undefined) ?? whole
        const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
        return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ''
      })
      .toWellFormed()
      .replace(/[^\P{Cc}\n]/gu, '')
      // A line with an arrow is the head of a cue.
      .replaceAll('-->', '→')
      .replaceAll('<', '‹')
      .replaceAll('>', '›')
  )
}

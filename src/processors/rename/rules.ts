/** A rule as text says it: always a regular expression. */
export interface TextRule {
  readonly find: string
  readonly replace: string
  readonly caseSensitive: boolean
  readonly regex: true
}

/**
 * Rules as one line: `find/replace/s | find/replace | find`. `s` makes a rule case-sensitive; an empty `replace` is a
 * space, none removes what is found. `\/` and `\|` are those characters themselves.
 */
export function parseRules(text: string): readonly TextRule[] {
  return split(text, '|')
    .map((rule) => split(rule.trim(), '/'))
    .filter(([find = '']) => find !== '')
    .map(([find = '', replace, flags = '']) => ({
      // RE2 knows `\|` as the character; `\/` is for us alone.
      find: find.replaceAll(String.raw`\/`, '/'),
      replace: replace === '' ? ' ' : (replace ?? '').replaceAll(/\\([/|])/g, '$1'),
      caseSensitive: flags.trim() === 's',
      regex: true,
    }))
}

/** Cuts at a character unless a backslash stands before it. Escapes stay. */
function split(text: string, at: string): readonly string[] {
  const parts = ['']
  for (const [piece] of text.matchAll(/\\[\s\S]|[\s\S]/g)) {
    if (piece === at) parts.push('')
    else parts.push((parts.pop() ?? '') + piece)
  }
  return parts
}

import { RE2JS } from 're2js'

/** A regular expression from a person, compiled. */
export interface Pattern {
  /** Whether it is found anywhere in the text. */
  test(text: string): boolean
  /** Every place where it is found becomes `replacement`, in which `$1` and `$<name>` are what groups have found and `$$` is `$`. */
  replace(text: string, replacement: string): string
}

export interface PatternHow {
  /** Off: `a` finds `A`. */
  readonly caseSensitive?: boolean
  /** The whole text, not a part of it. */
  readonly whole?: boolean
}

/**
 * A regular expression in RE2's syntax, which takes time in proportion to the text whatever the pattern is; look-ahead and
 * references back to groups do not exist in it. Throws an `Error` whose message says what is wrong with the pattern.
 */
export function compilePattern(source: string, how: PatternHow = {}): Pattern {
  const flags = how.caseSensitive === true ? 0 : RE2JS.CASE_INSENSITIVE
  const compiled = RE2JS.compile(how.whole === true ? `^(?:${source})$` : source, flags)
  return {
    test: (text) => compiled.matcher(text).find(),
    replace: (text, replacement) => compiled.matcher(text).replaceAll(replacement),
  }
}

/** `*` is any text, `?` one character, all else itself; the whole name must fit. */
export function compileGlob(glob: string, how: Omit<PatternHow, 'whole'> = {}): Pattern {
  const source = glob.replace(/[*?]|[^*?]+/g, (part) => ({ '*': '.*', '?': '.' })[part] ?? literal(part))
  return compilePattern(`(?s:${source})`, { ...how, whole: true })
}

/** A text as the pattern that finds it. */
export function literal(text: string): string {
  return RE2JS.quote(text)
}

/** What is wrong with a pattern, in words; undefined when nothing is. */
export function patternFault(source: string): string | undefined {
  try {
    compilePattern(source)
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown
    return thrown.message.replace(/^error parsing regexp: /, '')
  }
}

import { asFilterValue } from './graph.ts'
import type { Variable } from './variable.ts'

export interface Bound {
  readonly vars: Readonly<Record<string, Variable>>
  readonly values: Readonly<Record<string, number | string>>
  readonly title: string
  readonly stem: string
}

/** What the house puts in by itself, and only as a whole argument. */
const places = /^\{(?:input(?::\d+)?|cover|output)\}$/

/**
 * Puts values in the place of `{name}`: `{title}`, `{stem}` and own variables. A value stays inside its argument, whatever
 * it is; in a filter graph it is escaped, so that it is one value there. Throws an `Error` that says what is wrong.
 */
export function bind(args: readonly string[], { vars, values, title, stem }: Bound): string[] {
  for (const name of Object.keys(values)) {
    if (!Object.hasOwn(vars, name)) throw new Error(`there is no variable {${name}} to give a value to`)
  }
  const texts = new Map<string, string>([
    ['title', title],
    ['stem', stem],
  ])
  for (const name of Object.keys(vars)) {
    if (texts.has(name) || /^(?:input|cover|output)$/.test(name)) throw new Error(`{${name}} has its own meaning`)
    texts.set(name, valueOf(name, { vars, values }))
  }
  return args.map((word, at) => {
    if (places.test(word)) return word
    const isGraph = /^-(?:[av]f|filter(?:_complex)?|lavfi)(?::|$)/.test(args[at - 1] ?? '')
    return word.replace(/\{([a-z]\w*)(?::\d+)?\}/gi, (whole, name: string) => {
      const text = texts.get(name)
      if (text === undefined) throw new Error(`${whole} is not known here; there are ${[...texts.keys()].join(', ')}`)
      // Nothing of a value may be taken for an option, not even where none is expected.
      if (whole === word && text.startsWith('-') && !/^-[\d.]/.test(text))
        throw new Error(`${whole} begins with a dash`)
      return isGraph ? asFilterValue(text, word) : text
    })
  })
}

function valueOf(name: string, { vars, values }: Pick<Bound, 'vars' | 'values'>): string {
  const variable = vars[name]
  const value = Object.hasOwn(values, name) ? values[name] : variable?.default
  if (variable === undefined || value === undefined) throw new Error(`{${name}} has no value`)
  if (variable.type === 'number') {
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = variable
    if (typeof value !== 'number') throw new Error(`{${name}} is a number`)
    if (value < min || value > max) throw new Error(`{${name}} is a number from ${min} to ${max}`)
    return Number.isInteger(value) ? String(value) : value.toFixed(6)
  }
  if (variable.type === 'choice' && !variable.choices.includes(String(value))) {
    throw new Error(`{${name}} is one of ${variable.choices.join(', ')}`)
  }
  // Nothing that ends a line or a text for one program and not for another.
  if (/\p{Cc}/u.test(String(value))) throw new Error(`{${name}} has a control character`)
  return String(value)
}

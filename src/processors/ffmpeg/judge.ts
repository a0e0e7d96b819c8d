import { graphFault } from './graph.ts'
import { idle, inputOptions, outputOptions } from './tables.ts'

/** A command line that was judged: what is read, in order, and what is written. */
export interface Judged {
  readonly inputs: readonly { readonly options: readonly string[]; readonly which: Which }[]
  readonly output: readonly string[]
}

/** Number of an input file from 1, or the picture that came along. */
export type Which = number | 'cover'

const mostInputs = 20

/**
 * Takes arguments of ffmpeg apart, or says (as an `Error`) why they may not be used. Inputs are `-i {input}`,
 * `-i {input:2}` and `-i {cover}`, the only output is `{output}` at the end; both may be left out. Every option and every
 * filter must be on a list. Pure.
 */
export function judge(args: readonly string[]): Judged {
  const rest = args.filter((word) => !idle.has(word))
  if (rest[0] === 'ffmpeg') rest.shift()
  if (rest.at(-1) === '{output}') rest.pop()
  const inputs: { options: string[]; which: Which }[] = []
  const hasInputs = rest.includes('-i')
  let options: string[] = []
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? ''
    if (word === '-i') {
      inputs.push({ options, which: whichOf(rest[++at] ?? '') })
      options = []
      continue
    }
    const isBeforeInput = hasInputs && rest.includes('-i', at)
    const value = valueFor(word, isBeforeInput)
    options.push(word)
    if (value === 'none') continue
    const given = rest[++at]
    if (given === undefined) throw new Error(`${word} needs a value`)
    const fault = valueFault(given, value)
    if (fault !== undefined) throw new Error(`${word}: ${fault}`)
    options.push(given)
  }
  if (inputs.length > mostInputs) throw new Error(`there are more than ${mostInputs} inputs`)
  return { inputs: hasInputs ? inputs : [{ options: [], which: 1 }], output: options }
}

function whichOf(word: string): Which {
  if (word === '{cover}') return 'cover'
  const [whole, number = '1'] = /^\{input(?::([1-9]\d?))?\}$/.exec(word) ?? []
  if (whole === undefined) throw new Error(`-i takes {input}, {input:2} or {cover}, not ${shown(word)}`)
  return Number(number)
}

type Value = NonNullable<ReturnType<typeof outputOptions.get>>

function valueFor(word: string, isBeforeInput: boolean): Value {
  const [, name] = /^-([a-z][a-z0-9_-]*)(?::[a-z0-9:]{1,20})?$/i.exec(word) ?? []
  if (name === undefined) {
    if (word.startsWith('-')) throw new Error(`${shown(word)} is not an option that can be used`)
    throw new Error(`${shown(word)} is neither an option nor a value; the only output is {output}, at the end`)
  }
  const value = (isBeforeInput ? inputOptions : outputOptions).get(name)
  if (value !== undefined) return value
  if (name === 'f') throw new Error('-f cannot be used: the extension says what is written')
  const place = isBeforeInput && outputOptions.has(name) ? ' before an input' : ''
  throw new Error(`the option ${word} cannot be used${place}`)
}

function valueFault(given: string, value: Exclude<Value, 'none'>): string | undefined {
  if (given.includes('\0')) return 'it has a NUL character'
  if (given.length > 4000) return 'it is longer than 4000 characters'
  if (value === 'text') return given.includes('=') ? undefined : 'expected key=value'
  if (value === 'filters') return graphFault(given)
  return value.test(given) ? undefined : `${shown(given)} is not a value that can be used`
}

function shown(word: string): string {
  return JSON.stringify(word.slice(0, 60))
}

import { Fault } from '@jackdaw/contract/faults.ts'
import { RecipeStep } from '@jackdaw/contract/nouns/recipe.ts'

/**
 * A processing step as it is typed: `convert preset=mp4 crf=23 only:mkv,avi optional`. A value is JSON where
 * it parses (numbers, true, lists, objects, quoted text), else text. `only:` and `except:` name extensions; `optional` lets the
 * files go on when it fails. Throws `input.invalid` that quotes the word it stumbled over. Pure.
 */
export function parseStep(text: string): RecipeStep {
  const [use, ...words] = wordsOf(text)
  if (use === undefined || use.includes('='))
    throw invalid(`a step begins with the name of a processor, as in 'convert preset=mp4', not "${text.trim()}"`)
  const options: Record<string, unknown> = {}
  const step: Record<string, unknown> = { use, with: options }
  for (const word of words) {
    const [, key, value = ''] = /^([\w.-]+)=(.*)$/s.exec(word) ?? []
    const [, which, extensions = ''] = /^(only|except):(.*)$/.exec(word) ?? []
    if (key !== undefined) options[key] = valueOf(value)
    else if (which !== undefined) step[which] = extensions.split(',').map((one) => one.replace(/^\./, ''))
    else if (word === 'optional') step['optional'] = true
    else {
      const quotes = Object.keys(options).length > 0 ? '; a value with blanks goes into quotes: key="two words"' : ''
      throw invalid(`expected key=value, not "${word}" (in the step "${text.trim()}")${quotes}`)
    }
  }
  const parsed = RecipeStep.safeParse(step)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw invalid(`${issue?.message ?? 'it cannot be read'} (in the step "${text.trim()}")`)
}

/** Blanks part words, except inside quotes and brackets. Quotes around a whole value are taken away by `valueOf`. */
function wordsOf(text: string): string[] {
  const words: string[] = []
  let word = ''
  let quote = ''
  let depth = 0
  let escaped = false
  for (const letter of text.trim()) {
    if (quote === '' && depth === 0 && /\s/.test(letter)) {
      if (word !== '') words.push(word)
      word = ''
      continue
    }
    word += letter
    if (escaped) escaped = false
    else if (quote !== '') {
      if (letter === '\\') escaped = true
      else if (letter === quote) quote = ''
    } else if (letter === '"' || (letter === "'" && word.endsWith("='"))) quote = letter
    else if (letter === '[' || letter === '{') depth++
    else if (letter === ']' || letter === '}') depth--
  }
  if (quote !== '') throw invalid(`a ${quote} is opened and not closed (in the step "${text.trim()}")`)
  if (word !== '') words.push(word)
  return words
}

function valueOf(text: string): unknown {
  const single = /^'(.*)'$/s.exec(text)?.[1]
  const bare = single ?? text
  try {
    return JSON.parse(bare)
  } catch {
    // Most values are plain words.
    return bare
  }
}

const invalid = (reason: string) => new Fault('input.invalid', { reason: `--step: ${reason}` })

/** A step as `parseStep` reads it. Pure. */
export function stepText({ use, with: options, only, except, optional }: RecipeStep): string {
  return [
    use,
    ...Object.entries(options).map(([name, value]) => `${name}=${valueText(value)}`),
    ...(only === undefined ? [] : [`only:${only.join(',')}`]),
    ...(except === undefined ? [] : [`except:${except.join(',')}`]),
    ...(optional ? ['optional'] : []),
  ].join(' ')
}

/** Plain where it reads back as the same text, else JSON. */
function valueText(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  return /^[^\s"'[\]{}]+$/.test(value) && valueOf(value) === value ? value : JSON.stringify(value)
}

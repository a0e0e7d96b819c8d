import { Writable } from 'node:stream'
import { Prompt, TextPrompt, isCancel } from '@clack/core'
import { type Offer, choiceLines, offerHead } from './choice-table.ts'
import { type Paint, fit } from './format.ts'
import type { Terminal } from './host.ts'

/** What somebody said: an answer, that the job is not wanted (`q`), or Ctrl-C. `gone`: it was answered elsewhere. */
export type Answer<T> = { kind: 'answer'; value: T } | { kind: 'cancel' } | { kind: 'leave' } | { kind: 'gone' }

/** Arrow keys or a number, Enter takes, q cancels the job. Gives the id of a choice. */
export async function askChoice(
  offer: Offer,
  terminal: Terminal,
  paint: Paint,
  signal: AbortSignal,
): Promise<Answer<string>> {
  const { choices, fits } = offer
  let cursor = Math.max(
    0,
    choices.findIndex(({ id }) => id === fits?.choice),
  )
  let typed = ''
  const room = () => ({ columns: terminal.stdout.columns ?? 80, rows: terminal.stdout.rows ?? 24 })
  const prompt = new Prompt<string>(
    {
      ...streams(terminal),
      signal,
      accessible: false,
      render() {
        const width = room().columns - 1
        const head = offerHead(offer, width, paint)
        const chosen = choices[cursor]?.label ?? ''
        if (this.state === 'submit') return `${head}  ${fit(chosen, 40)}`
        if (this.state === 'cancel') return head
        const keys = paint.dim(fit('arrow keys or a number, Enter takes it, q cancels the job', width))
        return [head, ...choiceLines(offer, cursor, room(), paint), keys].join('\n')
      },
    },
    false,
  )
  let left: 'cancel' | 'leave' = 'cancel'
  const move = (by: number) => {
    cursor = (cursor + by + choices.length) % choices.length
    typed = ''
  }
  prompt.on('cursor', (action) => {
    if (action === 'up') move(-1)
    if (action === 'down') move(1)
  })
  prompt.on('key', (key, info) => {
    if (info.ctrl === true && info.name === 'c') left = 'leave'
    if (key === 'q') prompt.state = 'cancel'
    if (key === undefined || !/^\d$/.test(key)) return
    // "1" and then "2" is the twelfth, where there is one.
    typed = Number(typed + key) <= choices.length ? typed + key : key
    if (choices[Number(typed) - 1] !== undefined) cursor = Number(typed) - 1
  })
  const answer = await prompt.prompt()
  if (!isCancel(answer)) return { kind: 'answer', value: choices[cursor]?.id ?? '' }
  return { kind: signal.aborted ? 'gone' : left }
}

/** A line of text, asked for below what it is about; Enter alone is an empty one. `check` says what is wrong with it. */
export async function askText(
  question: readonly string[],
  check: (text: string) => string | undefined,
  terminal: Terminal,
  paint: Paint,
  signal: AbortSignal,
): Promise<Answer<string>> {
  const prompt = new TextPrompt({
    ...streams(terminal),
    signal,
    accessible: false,
    initialValue: '',
    validate: (text) => check(text ?? ''),
    render() {
      // What was asked about has been read: only its name and the answer stay.
      if (this.state === 'submit' || this.state === 'cancel') return `${question[0] ?? ''}  ${this.userInput}`
      const wrong = this.state === 'error' ? [paint.red(this.error)] : []
      return [...question.slice(0, -1), `${question.at(-1)} ${this.userInputWithCursor}`, ...wrong].join('\n')
    },
  })
  let left: 'cancel' | 'leave' = 'cancel'
  prompt.on('key', (_, info) => {
    if (info.ctrl === true && info.name === 'c') left = 'leave'
  })
  const answer = await prompt.prompt()
  if (!isCancel(answer)) return { kind: 'answer', value: answer ?? '' }
  return { kind: signal.aborted ? 'gone' : left }
}

/** The terminal as Node streams. */
function streams({ stdin, stdout }: Terminal): { input: Terminal['stdin']; output: Writable } {
  const output = new Writable({
    decodeStrings: false,
    write: (text: string, _, done) => {
      stdout.write(text)
      done()
    },
  })
  // Read at each drawing: the window may change its size meanwhile.
  Object.defineProperty(output, 'columns', { get: () => stdout.columns ?? 80 })
  Object.defineProperty(output, 'rows', { get: () => stdout.rows ?? 24 })
  return { input: stdin, output }
}

import type { ChoiceView, Entry } from '@jackdaw/contract/nouns/media.ts'
import { type Paint, clock, fit, pad, plain, size } from './format.ts'
import stringWidth from 'string-width'

/** What is offered, as `jobs.choices` gives it. */
export interface Offer {
  readonly title: string
  readonly about?: { readonly durationSeconds?: number | undefined; readonly author?: string | undefined } | undefined
  readonly choices: readonly ChoiceView[]
  readonly entries?: readonly Entry[] | undefined
  readonly entriesInAll?: number | undefined
  readonly fits?: { readonly choice: string; readonly why: string } | undefined
}

/** `Harbour at dawn  12:34  by somebody`, never wider than `width`. Pure. */
export function offerHead({ title, about }: Offer, width: number, paint: Paint): string {
  const rest = [
    about?.durationSeconds === undefined ? '' : clock(about.durationSeconds),
    about?.author === undefined ? '' : `by ${plain(about.author)}`,
  ].filter(Boolean)
  const more = rest.map((text) => `  ${text}`).join('')
  const name = fit(plain(title), Math.max(10, width - stringWidth(more)))
  return fit(more, Math.max(0, width - stringWidth(name))) === more ? `${paint.bold(name)}${more}` : paint.bold(name)
}

/**
 * A line per choice: number, label, size, and which one fits and why. As many as there is room for, around the one at
 * `cursor`. Pure.
 */
export function choiceLines(
  { choices, fits }: Offer,
  cursor: number,
  { columns, rows }: { readonly columns: number; readonly rows: number },
  paint: Paint,
): string[] {
  const width = Math.max(20, columns - 1)
  const room = Math.max(3, rows - 5)
  const first = Math.max(0, Math.min(cursor - Math.floor(room / 2), choices.length - room))
  const digits = String(choices.length).length
  const labels = Math.min(40, Math.max(...choices.map(({ label }) => stringWidth(plain(label)))))
  return choices.slice(first, first + room).map((choice, offset) => {
    const index = first + offset
    const why = choice.id === fits?.choice ? `  fits: ${plain(fits.why)}` : ''
    const text = `${String(index + 1).padStart(digits)}  ${pad(plain(choice.label), labels)}  ${sizeOf(choice).padStart(10)}${why}`
    const line = fit(text.trimEnd(), width - 2)
    return index === cursor ? paint.green(`› ${line}`) : `  ${line}`
  })
}

/** `~` before a size that is estimated. */
function sizeOf({ bytes, isEstimate }: ChoiceView): string {
  return bytes === undefined ? '' : `${isEstimate ? '~' : ''}${size(bytes)}`
}

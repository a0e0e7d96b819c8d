import type { RecipeStep } from '@jackdaw/contract/nouns/recipe.ts'

/**
 * The order in which people expect processing to happen, whatever the order in which they ask for it. Steps that the list
 * does not know come where converting is.
 */
const order = [
  'filter',
  'join',
  'extract',
  'decrypt',
  'merge',
  'ffmpeg',
  'rename',
  'trim',
  'screenshots',
  'contact-sheet',
  'sprite',
  'convert',
  'audio',
  'remux',
  'fit',
  'subtitles',
  'metadata',
  'sample',
  'checksum',
  'archive',
  'split',
]

/** The steps in the usual order; two filters stand around `extract`: the one that was asked for first, and the others. Pure. */
export function inOrder(steps: readonly RecipeStep[]): RecipeStep[] {
  const extract = steps.findIndex(({ use }) => use === 'extract')
  const rank = ({ use }: RecipeStep, index: number): number => {
    // A filter that is written after unpacking is for what was in the archive.
    if (use === 'filter' && extract >= 0 && index > extract) return order.indexOf('extract') + 0.5
    const place = order.indexOf(use)
    return place < 0 ? order.indexOf('convert') : place
  }
  return steps
    .map((step, index) => ({ step, rank: rank(step, index) }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ step }) => step)
}

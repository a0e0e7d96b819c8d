import { z } from 'zod'
import type { Pool } from 'pg'
import { Fault } from '@jackdaw/contract/faults.ts'
import { JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { RecipeStep, type Recipe } from '@jackdaw/contract/nouns/recipe.ts'
import { suggest } from '#kernel/suggest.ts'
import type { Processor } from './engine.ts'

const recipe = (name: string, title: string, ...steps: z.input<typeof RecipeStep>[]): Recipe => ({
  name,
  title,
  steps: steps.map((step) => RecipeStep.parse(step)),
  isBuiltin: true,
})

/** The recipes that come with the house. `plain` leaves files as they are and looks into nothing. */
export const builtin: readonly Recipe[] = [
  recipe('default', 'As it comes; media facts and a thumbnail are noted'),
  recipe('plain', 'As it comes, and nothing is looked into'),
]

/** The steps of a recipe of the house or of this account. Throws `input.unknown`. */
export async function recipeSteps(pool: Pool, account: string, name: string): Promise<readonly RecipeStep[]> {
  const own = builtin.find((one) => one.name === name)
  if (own) return own.steps
  const { rows } = await pool.query<{ steps: unknown }>({
    name: 'recipe',
    text: 'select steps from recipes where account_id = $1 and name = $2',
    values: [account, name],
  })
  const [row] = rows
  if (!row) throw new Fault('input.unknown', { noun: 'recipe', id: name })
  return z.array(RecipeStep).parse(row.steps)
}

/**
 * Whether these steps can be done: their processors exist and take their options, and none holds a secret. Throws
 * `input.invalid` with a sentence that names the step.
 */
export function checkSteps(steps: readonly RecipeStep[], processors: readonly Processor[]): void {
  for (const [index, { use, with: options }] of steps.entries()) {
    const invalid = (reason: string) => new Fault('input.invalid', { reason: `step ${index + 1} (${use}): ${reason}` })
    const processor = processors.find(({ name }) => name === use)
    if (!processor) {
      const names = processors.map(({ name }) => name)
      throw invalid(`there is no such processor (${meant(use, names) ?? `there are ${names.join(', ')}`})`)
    }
    const secret = Object.keys(options).find((name) => name in JobSecrets.shape)
    if (secret !== undefined) throw invalid(`${secret} is a secret, and is given with the job instead`)
    const strict = processor.options instanceof z.ZodObject ? processor.options.strict() : processor.options
    const parsed = strict.safeParse(options)
    if (parsed.success) continue
    const [issue] = parsed.error.issues
    if (issue?.code === 'unrecognized_keys' && issue.path.length === 0 && strict instanceof z.ZodObject) {
      const names = Object.keys(strict.shape).filter((name) => !(name in JobSecrets.shape))
      const [unknown = ''] = issue.keys
      const rest = names.length === 0 ? 'it takes none' : `it takes ${names.join(', ')}`
      throw invalid(`there is no option "${unknown}" (${meant(unknown, names) ?? rest})`)
    }
    throw invalid(`${issue?.path.join('.') ? `${issue.path.join('.')}: ` : ''}${issue?.message ?? 'not valid'}`)
  }
}

function meant(typed: string, names: readonly string[]): string | undefined {
  const near = suggest(typed, names)
  return near && `did you mean "${near}"?`
}

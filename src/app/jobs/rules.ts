import type { Preferences } from '@jackdaw/contract/operations/preferences.ts'
import type { Wish } from '@jackdaw/contract/operations/jobs.ts'

/** What an account has and wants. */
export interface Wants {
  readonly preferences: Preferences
  /** Names of its recipes and of those of the house. */
  readonly recipes: ReadonlySet<string>
}

/**
 * The wish with what its account wants where it says nothing. Picture and sound go together: who asks for the one does
 * not get what is preferred of the other. A recipe that is gone since is no longer wanted. Pure.
 */
export function withWants(wish: Wish, { preferences, recipes }: Wants): Wish {
  const { recipe, ...wanted } = preferences
  const { quality, audio, ...others } = wanted
  const says = wish.options ?? {}
  const shape =
    says.quality !== undefined || says.audio !== undefined || says.choice !== undefined ? {} : { quality, audio }
  const options = Object.fromEntries(
    Object.entries({ ...shape, ...others, ...says }).filter(([, value]) => value !== undefined),
  )
  const preferred = recipe !== undefined && recipes.has(recipe) ? recipe : undefined
  const named = wish.recipe ?? preferred
  return { ...wish, options, ...(named !== undefined && { recipe: named }) }
}

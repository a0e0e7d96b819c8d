import type { Kysely } from 'kysely'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { JobOptions } from '@jackdaw/contract/nouns/options.ts'
import type { Recipe, RecipeStep } from '@jackdaw/contract/nouns/recipe.ts'
import type { PlannedStep } from '@jackdaw/contract/operations/recipes.ts'
import type { Tables } from '#db/tables.ts'
import { isStorable } from '#kernel/title.ts'
import { os } from '../door.ts'
import { withWants } from '../jobs/rules.ts'
import { preferencesOf } from '../preferences/store.ts'
import { mostRecipes, refuseBuiltin, together, unknownRecipe } from './rules.ts'
import { findRecipe, recipesOf, removeRecipe, saveRecipe } from './store.ts'

export interface Previewed {
  readonly recipe: Recipe
  readonly options: JobOptions
  readonly destinations: readonly string[]
  /** Media type of what is fetched. */
  readonly type: string
}

export interface RecipesPorts {
  readonly db: Kysely<Tables>
  /** Those that come with the house. */
  readonly builtin: readonly Recipe[]
  /** Throws `input.invalid` that names the step, when there is no such processor or it does not take the options. */
  readonly check: (steps: readonly RecipeStep[]) => void
  /** Throws a fault when there is no such destination or its place is not valid. */
  readonly checkDestination: (destination: string) => void
  /** The steps that a job would have. Starts nothing. */
  readonly preview: (job: Previewed) => Promise<readonly PlannedStep[]>
}

/** The handlers of `recipes.*`. */
export function recipesOperations(ports: RecipesPorts) {
  const { db, builtin } = ports
  const find = async (account: string, name: string): Promise<Recipe> => {
    const found = builtin.find((recipe) => recipe.name === name) ?? (await findRecipe(db, account, name))
    if (found === undefined) throw unknownRecipe(name, names(together(builtin, await recipesOf(db, account))))
    return found
  }
  return {
    list: os.recipes.list.handler(async ({ context: { caller } }) =>
      together(builtin, await recipesOf(db, caller.account)),
    ),
    get: os.recipes.get.handler(({ input, context: { caller } }) => find(caller.account, input.name)),
    save: os.recipes.save.handler(async ({ input, context: { caller } }) => {
      refuseBuiltin(input.name, builtin)
      if (!isStorable(input))
        throw new Fault('input.invalid', { reason: 'it contains characters that cannot be stored' })
      ports.check(input.steps)
      if (!(await saveRecipe(db, caller.account, input, mostRecipes)))
        throw new Fault('input.conflict', {
          reason: `you have ${mostRecipes} recipes, which is the most; remove one first`,
        })
      return { ...input, isBuiltin: false }
    }),
    remove: os.recipes.remove.handler(async ({ input, context: { caller } }) => {
      refuseBuiltin(input.name, builtin)
      const removed = await removeRecipe(db, caller.account, input.name)
      if (removed === undefined) throw unknownRecipe(input.name, names(await recipesOf(db, caller.account)))
      return removed
    }),
    preview: os.recipes.preview.handler(async ({ input, context: { caller } }) => {
      const { destinations, type } = input
      const own = names(together(builtin, await recipesOf(db, caller.account)))
      const wants = { preferences: await preferencesOf(db, caller.account), recipes: new Set(own) }
      // The link does not matter: what is asked for is what would be done with it.
      const { options = {}, recipe } = withWants({ link: '', ...input }, wants)
      ports.check(options.steps ?? [])
      for (const destination of destinations) ports.checkDestination(destination)
      return [
        ...(await ports.preview({
          recipe: await find(caller.account, recipe ?? 'default'),
          options,
          destinations,
          type,
        })),
      ]
    }),
  }
}

const names = (recipes: readonly Recipe[]): string[] => recipes.map(({ name }) => name)

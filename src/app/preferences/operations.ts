import type { Kysely } from 'kysely'
import type { Recipe } from '@jackdaw/contract/nouns/recipe.ts'
import type { Tables } from '#db/tables.ts'
import { os } from '../door.ts'
import { together, unknownRecipe } from '../recipes/rules.ts'
import { recipesOf } from '../recipes/store.ts'
import { changed } from './rules.ts'
import { changePreferences, preferencesOf } from './store.ts'

export interface PreferencesPorts {
  readonly db: Kysely<Tables>
  /** The recipes that come with the house. */
  readonly builtin: readonly Recipe[]
}

/** The handlers of `preferences.*`. */
export function preferencesOperations({ db, builtin }: PreferencesPorts) {
  return {
    get: os.preferences.get.handler(({ context: { caller } }) => preferencesOf(db, caller.account)),
    set: os.preferences.set.handler(async ({ input, context: { caller } }) => {
      const { recipe } = input
      if (typeof recipe === 'string') {
        const names = together(builtin, await recipesOf(db, caller.account)).map(({ name }) => name)
        if (!names.includes(recipe)) throw unknownRecipe(recipe, names)
      }
      return await changePreferences(db, caller.account, (before) => changed(before, input))
    }),
  }
}

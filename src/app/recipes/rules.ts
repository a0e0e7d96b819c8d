import { Fault } from '@jackdaw/contract/faults.ts'
import type { Recipe } from '@jackdaw/contract/nouns/recipe.ts'
import { suggest } from '#kernel/suggest.ts'

/** More than anybody writes by hand; a program that saves one per job is stopped here. */
export const mostRecipes = 200

/** Throws `input.conflict` when the name is one of the house's: what jobs rely on does not change under them. */
export function refuseBuiltin(name: string, builtin: readonly Recipe[]): void {
  if (builtin.some((recipe) => recipe.name === name))
    throw new Fault('input.conflict', {
      reason: `the recipe "${name}" comes with the house and cannot be changed; save yours under another name`,
    })
}

/** The fault for a name that nobody has, with the name that was probably meant. */
export function unknownRecipe(name: string, known: readonly string[]): Fault {
  const near = suggest(name, known)
  return new Fault('input.unknown', {
    noun: 'recipe',
    id: near === undefined ? name : `${name} (did you mean ${near}?)`,
  })
}

/** Those of the house in their own order, then one's own by name. */
export function together(builtin: readonly Recipe[], own: readonly Recipe[]): Recipe[] {
  const names = new Set(builtin.map(({ name }) => name))
  // A later version may bring a recipe whose name somebody has taken: the house's is meant then, as when a job asks.
  const rest = own.filter(({ name }) => !names.has(name))
  return [...builtin, ...rest.toSorted((a, b) => (a.name < b.name ? -1 : 1))]
}

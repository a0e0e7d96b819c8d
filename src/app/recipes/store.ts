import type { Kysely, Transaction } from 'kysely'
import { sql } from 'kysely'
import type { Recipe, RecipeStep } from '@jackdaw/contract/nouns/recipe.ts'
import type { Tables } from '#db/tables.ts'

const columns = ['name', 'title', 'steps'] as const

/** The recipes that an account has made. */
export async function recipesOf(db: Kysely<Tables>, account: string): Promise<Recipe[]> {
  const rows = await db.selectFrom('recipes').select(columns).where('account_id', '=', account).execute()
  return rows.map(toRecipe)
}

export async function findRecipe(db: Kysely<Tables>, account: string, name: string): Promise<Recipe | undefined> {
  const row = await db
    .selectFrom('recipes')
    .select(columns)
    .where('account_id', '=', account)
    .where('name', '=', name)
    .executeTakeFirst()
  return row && toRecipe(row)
}

/** Stores a recipe in place of an older one of that name; false when the account would have more than `most`. */
export async function saveRecipe(
  db: Kysely<Tables>,
  account: string,
  recipe: Omit<Recipe, 'isBuiltin'>,
  most: number,
): Promise<boolean> {
  return await db.transaction().execute(async (tx) => {
    // Two that save at once are counted one after the other.
    await tx.selectFrom('accounts').select('id').where('id', '=', account).forUpdate().execute()
    const { others } = await tx
      .selectFrom('recipes')
      .select(sql<number>`count(*)::int`.as('others'))
      .where('account_id', '=', account)
      .where('name', '<>', recipe.name)
      .executeTakeFirstOrThrow()
    if (others >= most) return false
    const row = { title: recipe.title, steps: JSON.stringify(recipe.steps) }
    await tx
      .insertInto('recipes')
      .values({ account_id: account, name: recipe.name, ...row })
      .onConflict((conflict) =>
        conflict.columns(['account_id', 'name']).doUpdateSet({ ...row, changed_at: sql<Date>`now()` }),
      )
      .execute()
    return true
  })
}

/** Removes a recipe, and whoever preferred it prefers none. Undefined when there is none of that name. */
export async function removeRecipe(db: Kysely<Tables>, account: string, name: string): Promise<Recipe | undefined> {
  return await db.transaction().execute(async (tx) => {
    const row = await tx
      .deleteFrom('recipes')
      .where('account_id', '=', account)
      .where('name', '=', name)
      .returning(columns)
      .executeTakeFirst()
    if (row !== undefined) await forgetRecipe(tx, account, name)
    return row && toRecipe(row)
  })
}

async function forgetRecipe(tx: Transaction<Tables>, account: string, name: string): Promise<void> {
  await sql`update accounts set preferences = preferences - 'recipe'
    where id = ${account} and preferences ->> 'recipe' = ${name}`.execute(tx)
}

function toRecipe(row: { readonly name: string; readonly title: string; readonly steps: RecipeStep[] }): Recipe {
  return { ...row, isBuiltin: false }
}

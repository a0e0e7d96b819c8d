import type { Kysely } from 'kysely'
import type { Preferences } from '@jackdaw/contract/operations/preferences.ts'
import type { Tables } from '#db/tables.ts'

/** What an account wants unless a wish says otherwise. */
export async function preferencesOf(db: Kysely<Tables>, account: string): Promise<Preferences> {
  const row = await db.selectFrom('accounts').select('preferences').where('id', '=', account).executeTakeFirst()
  return row?.preferences ?? {}
}

/** Changes the preferences by a pure function; two changes at once both take effect. */
export async function changePreferences(
  db: Kysely<Tables>,
  account: string,
  change: (before: Preferences) => Preferences,
): Promise<Preferences> {
  return await db.transaction().execute(async (tx) => {
    const { preferences } = await tx
      .selectFrom('accounts')
      .select('preferences')
      .where('id', '=', account)
      .forUpdate()
      .executeTakeFirstOrThrow()
    const next = change(preferences)
    await tx
      .updateTable('accounts')
      .set({ preferences: JSON.stringify(next) })
      .where('id', '=', account)
      .execute()
    return next
  })
}

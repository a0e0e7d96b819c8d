import type { Preferences } from '@jackdaw/contract/operations/preferences.ts'

/** The preferences after a change: null forgets one, what is not named stays. Pure. */
export function changed(
  preferences: Preferences,
  change: { readonly [K in keyof Preferences]?: Preferences[K] | null | undefined },
): Preferences {
  const defined = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
  const next = { ...preferences, ...defined }
  return Object.fromEntries(Object.entries(next).filter(([, value]) => value !== null)) as Preferences
}

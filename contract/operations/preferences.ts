import { z } from 'zod'
import { JobOptions } from '../nouns/options.ts'
import { RecipeName } from '../nouns/recipe.ts'
import { operation } from './base.ts'

const tags = ['preferences']

/** What an account wants unless a wish says otherwise. */
export const Preferences = JobOptions.pick({
  quality: true,
  audio: true,
  language: true,
  subs: true,
  subsAs: true,
  maxBytes: true,
}).extend({ recipe: RecipeName.optional() })
export type Preferences = z.infer<typeof Preferences>

export const preferences = {
  get: operation
    .meta({ access: 'member' })
    .route({ method: 'GET', path: '/me/preferences', summary: 'What is taken when a wish says nothing', tags })
    .output(Preferences),
  set: operation
    .meta({ access: 'member', mutates: true })
    .route({ method: 'PUT', path: '/me/preferences', summary: 'Set your preferences; null forgets one', tags })
    .input(
      z.object(
        Object.fromEntries(
          Object.entries(Preferences.shape).map(([name, schema]) => [name, schema.nullable()]),
        ) as unknown as {
          readonly [K in keyof typeof Preferences.shape]: z.ZodNullable<(typeof Preferences.shape)[K]>
        },
      ),
    )
    .output(Preferences),
}

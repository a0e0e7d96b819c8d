import { z } from 'zod'
import { JobOptions } from '../nouns/options.ts'
import { Recipe, RecipeName, RecipeStep } from '../nouns/recipe.ts'
import { operation } from './base.ts'

const tags = ['recipes']
const Name = z.object({ name: RecipeName })

/** A step as people read it before anything runs. */
export const PlannedStep = z.object({
  kind: z.enum(['resolve', 'fetch', 'process', 'deliver']),
  engine: z.string(),
  says: z.string().describe('what it will do, in words'),
  optional: z.boolean(),
  available: z.boolean().describe('false when a program that it needs is missing'),
})
export type PlannedStep = z.infer<typeof PlannedStep>

export const recipes = {
  list: operation
    .meta({ access: 'member' })
    .route({ method: 'GET', path: '/recipes', summary: 'Every recipe: those of the house and your own', tags })
    .output(z.array(Recipe)),
  get: operation
    .meta({ access: 'member' })
    .route({ method: 'GET', path: '/recipes/{name}', summary: 'One recipe', tags })
    .input(Name)
    .output(Recipe),
  save: operation
    .meta({ access: 'member', mutates: true })
    .route({ method: 'PUT', path: '/recipes/{name}', summary: 'Store a recipe; each step is checked', tags })
    .input(Name.extend({ title: z.string().max(200).default(''), steps: z.array(RecipeStep).min(1).max(30) }))
    .output(Recipe),
  remove: operation
    .meta({ access: 'member', mutates: true })
    .route({ method: 'DELETE', path: '/recipes/{name}', summary: 'Remove a recipe; jobs that use it go on', tags })
    .input(Name)
    .output(Recipe),
  preview: operation
    .meta({ access: 'member' })
    .route({
      method: 'POST',
      path: '/recipes/preview',
      summary: 'The steps that a job would have, in words, without starting it',
      tags,
    })
    .input(
      z.object({
        recipe: RecipeName.optional(),
        options: JobOptions.optional(),
        destinations: z.array(z.string().min(1).max(4096)).max(16).default(['library']),
        type: z.string().max(100).default('video/mp4').describe('media type of what is fetched'),
      }),
    )
    .output(z.array(PlannedStep)),
}

import { z } from 'zod'

const Extensions = z
  .array(z.string().regex(/^[a-z0-9]{1,10}$/i, 'expected an extension such as mp4, without a dot'))
  .max(100)

/** The options of a rename have four levels; past this depth somebody wants to exhaust the stack of whoever reads them. */
const deepest = 16

const Options = z.preprocess(
  (options, context) => {
    if (!isDeeper(options, deepest)) return options
    context.addIssue({ code: 'custom', message: `there are more than ${deepest} levels` })
    return z.NEVER
  },
  z.record(z.string(), z.json()),
)

/** One processing step: which processor, with which options (each processor checks its own). */
export const RecipeStep = z.object({
  use: z.string().min(1).max(40).describe('name of a processor'),
  with: Options.default({}).describe('its options'),
  only: Extensions.optional().describe('only files with these extensions; others pass unchanged'),
  except: Extensions.optional().describe('not files with these extensions'),
  optional: z.boolean().default(false).describe('when it fails, the files go on unchanged'),
})
export type RecipeStep = z.infer<typeof RecipeStep>

export const RecipeName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected small letters, digits and dashes')

/** A named list of processing steps. Those of the house cannot be changed. */
export const Recipe = z.object({
  name: RecipeName,
  title: z.string().max(200),
  steps: z.array(RecipeStep).max(30),
  isBuiltin: z.boolean(),
})
export type Recipe = z.infer<typeof Recipe>

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1))
}

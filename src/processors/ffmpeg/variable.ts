import { z } from 'zod'

export const Name = z.string().regex(/^[a-z][a-z0-9_]{0,30}$/i, 'expected letters, digits and underscores')

/** An own variable. Its default makes the recipe whole without anybody's answer. */
export const Variable = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('number'),
    default: z.number(),
    min: z.number().optional(),
    max: z.number().optional(),
    title: z.string().max(200).optional(),
  }),
  z.object({ type: z.literal('text'), default: z.string().max(500), title: z.string().max(200).optional() }),
  z.object({
    type: z.literal('choice'),
    choices: z.array(z.string().max(100)).min(1).max(50),
    default: z.string(),
    title: z.string().max(200).optional(),
  }),
])
export type Variable = z.output<typeof Variable>

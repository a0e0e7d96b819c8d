import { z } from 'zod'
import { patternFault } from '#kernel/pattern.ts'
import { parseRules } from './rules.ts'

/** What may stand between braces in a template. Those of the media are empty where the source did not say. */
export const variables = {
  name: 'name with its extension',
  stem: 'name without its extension',
  ext: 'extension without its dot',
  index: 'number of the file among those of the step',
  count: 'how many files there are',
  title: 'title of the media',
  list: 'title of the list that it belongs to',
  author: 'who made it',
  date: 'day on which it was published, as 2026-11-20',
  site: 'where it came from',
  number: 'its number in the list',
  id: 'its id at the site',
  width: 'width of the picture',
  height: 'height of the picture',
  digest: 'first eight digits of its SHA-256',
} as const

export type Variable = keyof typeof variables

const Rule = z
  .object({
    find: z.string().min(1).max(200).describe('what to look for'),
    replace: z.string().max(200).default('').describe('what stands there instead; $1 is the first group of a regex'),
    caseSensitive: z.boolean().default(false).describe('whether a and A differ'),
    regex: z.boolean().default(false).describe('find is a regular expression (RE2)'),
  })
  .superRefine(({ find, regex }, context) => {
    const wrong = regex ? patternFault(find) : undefined
    if (wrong !== undefined) context.addIssue({ code: 'custom', path: ['find'], message: wrong })
  })
export type Rule = z.output<typeof Rule>

const Rules = z.preprocess((rules) => (typeof rules === 'string' ? parseRules(rules) : rules), z.array(Rule).max(50))

const Template = z
  .string()
  .min(1)
  .max(500)
  .superRefine((template, context) => {
    if (/[{}]/.test(template.replace(/\{\w+(?:\|[^{}]*)?\}/g, ''))) {
      context.addIssue({ code: 'custom', message: 'a brace has no partner' })
    }
    for (const [, name = ''] of template.matchAll(/\{(\w+)(?:\|[^{}]*)?\}/g)) {
      if (Object.hasOwn(variables, name)) continue
      const known = Object.keys(variables).join(', ')
      context.addIssue({ code: 'custom', message: `{${name}} is not known; there are ${known}` })
    }
  })

export const RenameOptions = z.object({
  rules: Rules.default([]).describe('replacements in the name, in order; or as text: find/replace/s | find | …'),
  template: Template.optional().describe('the name: {index} {title|untitled}; the extension stays as it is'),
  before: z.string().max(100).default('').describe('put before the name'),
  after: z.string().max(100).default('').describe('put after the name, before its extension'),
  from: z.number().int().min(0).max(1_000_000).default(1).describe('what {index} begins with'),
  digits: z
    .number()
    .int()
    .min(1)
    .max(9)
    .optional()
    .describe('digits of {index}; as many as the last needs when absent'),
  facts: z
    .partialRecord(z.string(), z.union([z.string(), z.number()]))
    .default({})
    .describe('what is known of the media; filled in by the house'),
})
export type RenameOptions = z.output<typeof RenameOptions>

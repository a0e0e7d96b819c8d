import { z } from 'zod'
import type { Processor } from '#pipeline/engine.ts'
import { processors } from '#processors/index.ts'
import { code, page, table } from './markdown.ts'
import { fieldRows, type Schema } from './schema.ts'

/** Every processor with its options, out of their schemas, by name. */
export function processorsPage(all: readonly Processor[] = processors): string {
  const sorted = all.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return page(
    'Processors',
    'What a step of a [recipe](../guide/recipes.md) may `use`, and the options that it takes `with` it; ' +
      '[processing](../guide/processing.md) has examples. An option that is not needed has a default or is left out.',
    table(
      ['processor', 'what comes out', 'programs'],
      sorted.map(({ name, title, tools }) => [`[${name}](#${name})`, title, tools.map(code).join(', ')]),
    ),
    ...sorted.flatMap(section),
  )
}

function section({ name, title, options }: Processor): readonly string[] {
  const rows = fieldRows(schemaOf(options))
  return [
    `## ${name}`,
    `${title}.`,
    rows.length === 0 ? 'It has no options.' : table(['option', 'type', 'needed', 'about'], rows),
  ]
}

/** As somebody writes it, before any text becomes a number. */
function schemaOf(options: z.ZodType): Schema {
  // JSON Schema as zod writes it; `Schema` is the part of it that is used here.
  return z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' }) as unknown as Schema
}

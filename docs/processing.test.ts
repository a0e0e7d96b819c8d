import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { Recipe } from '@jackdaw/contract/nouns/recipe.ts'
import { processors } from '#processors/index.ts'
import { processorsPage } from './generate/processors.ts'

const text = readFileSync(join(import.meta.dirname, 'guide/processing.md'), 'utf8')
const examples = [...text.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, json = '']) => json)

test('the recipes of the guide are recipes that can be saved', () => {
  assert.ok(examples.length > 5)
  for (const json of examples) {
    for (const { use, with: options } of Recipe.omit({ isBuiltin: true }).parse(JSON.parse(json)).steps) {
      const processor = processors.find(({ name }) => name === use)
      assert.ok(processor, use)
      assert.equal(processor.options.safeParse(options).error, undefined, json)
    }
  }
})

test('every option of every processor is described', () => {
  for (const { name, options } of processors) {
    const schema = z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' })
    for (const [option, field] of Object.entries(schema.properties ?? {})) {
      assert.ok(typeof field === 'object' && (field.description ?? '') !== '', `${name}.${option}`)
    }
    assert.ok(processorsPage().includes(`\n## ${name}\n`), name)
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { type Schema, schemaRows } from './schema-rows.ts'

const rows = (schema: z.ZodType) => schemaRows(z.toJSONSchema(schema, { io: 'input' }) as Schema)

test('options have a row each: what they take, what is taken when they are absent, what they are for', () => {
  const options = z.object({
    to: z.enum(['mp4', 'mkv']).describe('the container'),
    crf: z.number().int().min(0).max(51).default(23),
    copies: z.number().int().optional(),
    names: z.array(z.string()).optional(),
    at: z.union([z.number(), z.literal('end')]).optional(),
  })
  assert.deepEqual(rows(options), [
    ['to', 'mp4 or mkv (needed)', 'the container'],
    ['crf', 'number 0–51 (23 when absent)', ''],
    ['copies', 'number', ''],
    ['names', 'list of text', ''],
    ['at', 'number or end', ''],
  ])
})

test('options inside of options stand below them', () => {
  const options = z.object({ ranges: z.array(z.object({ from: z.number(), to: z.number().optional() })) })
  assert.deepEqual(rows(options), [
    ['ranges', 'list of object (needed)', ''],
    ['ranges.from', 'number (needed)', ''],
    ['ranges.to', 'number', ''],
  ])
})

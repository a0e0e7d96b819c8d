import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { z } from 'zod'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Processor } from './engine.ts'
import { checkSteps } from './recipes.ts'

const processor = (name: string, options: z.ZodType): Processor => ({
  name,
  title: name,
  tools: [],
  options,
  checkpoint: z.unknown(),
  accepts: () => true,
  process: async (assets) => assets,
})
const processors = [
  processor('convert', z.object({ to: z.enum(['mp4', 'mkv']), crf: z.number().optional() })),
  processor('probe', z.object({})),
]
const check = (use: string, options: Record<string, z.core.util.JSONType>) =>
  checkSteps([{ use, with: options, optional: false }], processors)
const refused = (use: string, options: Record<string, z.core.util.JSONType>, says: RegExp) =>
  assert.throws(
    () => check(use, options),
    (error) => isFault(error, 'input.invalid') && says.test(error.message),
  )

describe('the check of steps', () => {
  test('takes what the processor takes', () => {
    check('convert', { to: 'mp4', crf: 20 })
    check('probe', {})
  })

  test('suggests the processor that was meant, or names all', () => {
    refused('convrt', {}, /step 1 \(convrt\): there is no such processor \(did you mean "convert"\?\)/)
    refused('something', {}, /there are convert, probe/)
  })

  test('suggests the option that was meant, or names all', () => {
    refused('convert', { to: 'mp4', crff: 1 }, /there is no option "crff" \(did you mean "crf"\?\)/)
    refused('convert', { to: 'mp4', resolution: 1 }, /there is no option "resolution" \(it takes to, crf\)/)
    refused('probe', { resolution: 1 }, /it takes none/)
  })

  test('names the option whose value is wrong, and refuses secrets', () => {
    refused('convert', { to: 'exe' }, /step 1 \(convert\): to: /)
    refused('convert', { to: 'mp4', archivePassword: 'x' }, /archivePassword is a secret/)
  })
})

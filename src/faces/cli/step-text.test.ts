import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { isFault } from '@jackdaw/contract/faults.ts'
import { parseStep, stepText } from './step-text.ts'

const plain = { optional: false }

describe('a step as it is typed', () => {
  test('has values that are JSON where they parse, else text', () => {
    assert.deepEqual(parseStep('convert to=mp4 crf=23 fast=true filters=["hflip", "vflip"] size={"w": 1}'), {
      use: 'convert',
      with: { to: 'mp4', crf: 23, fast: true, filters: ['hflip', 'vflip'], size: { w: 1 } },
      ...plain,
    })
  })

  test('keeps blanks inside quotes of either kind', () => {
    const { with: options } = parseStep(`rename template="{title} {ext}" from='it is' list='["a b"]'`)
    assert.deepEqual(options, { template: '{title} {ext}', from: 'it is', list: ['a b'] })
  })

  test('names extensions and may be optional', () => {
    assert.deepEqual(parseStep(' archive  only:mp4,.mkv optional'), {
      use: 'archive',
      with: {},
      only: ['mp4', 'mkv'],
      optional: true,
    })
    assert.deepEqual(parseStep('archive except:txt').except, ['txt'])
  })

  test('is refused with the word that was not understood', () => {
    for (const [typed, says] of [
      ['', /begins with the name of a processor/],
      ['rename template={index} {title}', /not "\{title\}" .*a value with blanks goes into quotes: key="two words"/],
      ['to=mp4', /begins with the name of a processor/],
      ['convert mp4', /expected key=value, not "mp4"/],
      ['rename to="a b', /opened and not closed/],
      ['archive only:tar.gz', /without a dot/],
    ] as const) {
      assert.throws(
        () => parseStep(typed),
        (error) => isFault(error, 'input.invalid') && says.test(error.message),
        typed,
      )
    }
  })

  test('reads back as it was, whatever its values', () => {
    const value = fc.oneof(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 2 }))
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]\w{0,9}$/), value, { maxKeys: 4 }), (options) => {
        const written = JSON.parse(JSON.stringify({ use: 'convert', with: options, ...plain }))
        assert.deepEqual(JSON.parse(JSON.stringify(parseStep(stepText(written)))), written)
      }),
      { numRuns: 100 },
    )
  })
})

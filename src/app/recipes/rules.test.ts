import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Recipe } from '@jackdaw/contract/nouns/recipe.ts'
import { refuseBuiltin, together, unknownRecipe } from './rules.ts'

const recipe = (name: string, isBuiltin: boolean): Recipe => ({ name, title: '', steps: [], isBuiltin })

test('recipes of the house come first and in their order, and hide one of the same name', () => {
  const all = together(
    [recipe('default', true), recipe('audio', true)],
    [recipe('z', false), recipe('audio', false), recipe('a', false)],
  )
  assert.deepEqual(
    all.map(({ name, isBuiltin }) => `${name} ${isBuiltin}`),
    ['default true', 'audio true', 'a false', 'z false'],
  )
})

test('a name of the house is refused, another one is not', () => {
  assert.throws(
    () => refuseBuiltin('default', [recipe('default', true)]),
    (error) => isFault(error, 'input.conflict') && /another name/.test(error.message),
  )
  refuseBuiltin('mine', [recipe('default', true)])
})

test('for an unknown name the nearest one is suggested', () => {
  assert.equal(
    unknownRecipe('defualt', ['audio', 'default']).message,
    'There is no recipe defualt (did you mean default?).',
  )
  assert.equal(unknownRecipe('quite-other', ['audio', 'default']).message, 'There is no recipe quite-other.')
})

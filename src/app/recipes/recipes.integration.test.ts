import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { sql } from 'kysely'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import type { Recipe } from '@jackdaw/contract/nouns/recipe.ts'
import { fakeDoor, local } from '#test/fakes/door.ts'
import { fakeParts } from '#test/fakes/operations.ts'
import { testTables } from '#test/tables.ts'
import { door } from '../door.ts'
import { preferencesOperations } from '../preferences/operations.ts'
import { admit, assemble } from '../router.ts'
import { type Previewed, recipesOperations } from './operations.ts'
import { mostRecipes } from './rules.ts'
import { recipesOf } from './store.ts'

const builtin: Recipe[] = [{ name: 'default', title: 'As it is', steps: [], isBuiltin: true }]

async function house(t: TestContext) {
  const db = await testTables(t)
  const previewed: Previewed[] = []
  const recipes = recipesOperations({
    db,
    builtin,
    check: (steps) => {
      for (const { use } of steps)
        if (use !== 'convert') throw new Fault('input.invalid', { reason: `there is no processor "${use}"` })
    },
    checkDestination: (destination) => {
      if (destination !== 'library') throw new Fault('destination.unknown', { destination })
    },
    preview: async (job) => {
      previewed.push(job)
      return [{ kind: 'fetch', engine: 'http', says: 'fetch it', optional: false, available: true }]
    },
  })
  const parts = fakeParts({ recipes, preferences: preferencesOperations({ db, builtin }) })
  const router = assemble(parts, { door: door(fakeDoor()), capabilities: new Set() })
  return { db, previewed, client: admit(router, { credential: local, requestId: 'r' }) }
}

const step = { use: 'convert', with: { to: 'mp4' } }

test('a recipe is saved, listed, read, replaced and removed', async (t) => {
  const { client } = await house(t)
  const saved = await client.recipes.save({ name: 'small', title: 'Small', steps: [step] })
  assert.deepEqual(saved, { name: 'small', title: 'Small', steps: [{ ...step, optional: false }], isBuiltin: false })
  assert.deepEqual(await client.recipes.get({ name: 'small' }), saved)
  assert.deepEqual(
    (await client.recipes.list()).map(({ name }) => name),
    ['default', 'small'],
  )
  await client.recipes.save({ name: 'small', steps: [step, step] })
  assert.equal((await client.recipes.get({ name: 'small' })).steps.length, 2)
  assert.equal((await client.recipes.remove({ name: 'small' })).steps.length, 2)
  await assert.rejects(client.recipes.remove({ name: 'small' }), (error) => isFault(error, 'input.unknown'))
})

test('a recipe whose steps are wrong is not stored', async (t) => {
  const { client, db } = await house(t)
  await assert.rejects(client.recipes.save({ name: 'bad', steps: [{ use: 'convrt' }] }), (error) =>
    isFault(error, 'input.invalid'),
  )
  await assert.rejects(
    client.recipes.save({ name: 'bad', title: 'a\u0000b', steps: [step] }),
    (error) => isFault(error, 'input.invalid') && /cannot be stored/.test(error.message),
  )
  assert.deepEqual(await recipesOf(db, 'owner'), [])
})

test('those of the house are neither replaced nor removed', async (t) => {
  const { client } = await house(t)
  const refused = (error: unknown) => isFault(error, 'input.conflict')
  await assert.rejects(client.recipes.save({ name: 'default', steps: [step] }), refused)
  await assert.rejects(client.recipes.remove({ name: 'default' }), refused)
})

test('an account has so many recipes and no more, and may still replace one', async (t) => {
  const { client, db } = await house(t)
  await sql`insert into recipes (account_id, name, steps)
    select 'owner', 'r' || n, '[]' from generate_series(1, ${mostRecipes}::int) n`.execute(db)
  await assert.rejects(client.recipes.save({ name: 'one-more', steps: [step] }), (error) =>
    isFault(error, 'input.conflict'),
  )
  assert.equal((await client.recipes.save({ name: 'r1', steps: [step] })).name, 'r1')
})

test('recipes and preferences belong to one account', async (t) => {
  const { client, db } = await house(t)
  await sql`insert into accounts (id, name, role) values ('other', 'other', 'member')`.execute(db)
  await sql`insert into recipes (account_id, name, steps) values ('other', 'theirs', '[]')`.execute(db)
  await assert.rejects(client.recipes.get({ name: 'theirs' }), (error) => isFault(error, 'input.unknown'))
  await assert.rejects(client.preferences.set({ recipe: 'theirs' }), (error) => isFault(error, 'input.unknown'))
  await client.preferences.set({ quality: 480 })
  const { rows } = await sql`select preferences from accounts where id = 'other'`.execute(db)
  assert.deepEqual(rows, [{ preferences: {} }])
})

test('preferences are kept one by one, forgotten with null, and with a recipe that is removed', async (t) => {
  const { client } = await house(t)
  assert.deepEqual(await client.preferences.get(), {})
  await client.recipes.save({ name: 'small', steps: [step] })
  await client.preferences.set({ quality: 720, subs: ['en', 'pt-BR'] })
  await client.preferences.set({ recipe: 'small', maxBytes: '2G' })
  assert.deepEqual(await client.preferences.set({ subs: null }), {
    quality: 720,
    recipe: 'small',
    maxBytes: 2 * 1024 ** 3,
  })
  await client.recipes.remove({ name: 'small' })
  assert.deepEqual(await client.preferences.get(), { quality: 720, maxBytes: 2 * 1024 ** 3 })
})

test('a preview is of the recipe that is named, else of the one that is preferred', async (t) => {
  const { client, previewed } = await house(t)
  await client.recipes.save({ name: 'small', steps: [step] })
  await client.recipes.preview({})
  await client.preferences.set({ recipe: 'small', quality: 480 })
  const steps = await client.recipes.preview({ options: { exact: true } })
  assert.equal(steps[0]?.says, 'fetch it')
  await client.recipes.preview({ recipe: 'default', options: { quality: 'best' } })
  assert.deepEqual(
    previewed.map(({ recipe, options }) => [recipe.name, options]),
    [
      ['default', {}],
      ['small', { quality: 480, exact: true }],
      ['default', { quality: 'best' }],
    ],
  )
})

test('a preview refuses what the job would refuse', async (t) => {
  const { client } = await house(t)
  await assert.rejects(client.recipes.preview({ recipe: 'nope' }), (error) => isFault(error, 'input.unknown'))
  await assert.rejects(client.recipes.preview({ destinations: ['moon'] }), (error) =>
    isFault(error, 'destination.unknown'),
  )
  await assert.rejects(client.recipes.preview({ options: { steps: [{ use: 'nope' }] } }), (error) =>
    isFault(error, 'input.invalid'),
  )
})

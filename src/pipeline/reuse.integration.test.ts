import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { diskStore } from '#adapters/disk/store.ts'
import type { Engines } from '#pipeline/engine.ts'
import { idlePart, testPipeline } from '#test/pipeline.ts'
import { testDatabase } from '#test/postgres.ts'

const nothing = { options: z.unknown(), checkpoint: z.unknown(), tools: [], title: 'test' }

test('what a recipe has made is not taken for what it makes once it was changed', async (t) => {
  const delivered: (readonly string[])[] = []
  const engines: Engines = {
    sources: [
      {
        ...nothing,
        name: 'idle',
        claims: () => 1,
        async resolve() {
          return { title: 'x', source: 'idle', parts: [idlePart('a')], validators: { lastModified: 'today' } }
        },
      },
    ],
    transports: [
      {
        ...nothing,
        name: 'idle',
        async fetch(_part, _options, run) {
          await writeFile(join(run.dir, 'body'), 'the same bytes')
          return [await run.keep(join(run.dir, 'body'), { name: 'a' })]
        },
      },
    ],
    processors: [
      {
        ...nothing,
        name: 'write',
        accepts: () => true,
        async process(_assets, options, run) {
          const { text } = options as { text: string }
          await writeFile(join(run.dir, 'made'), text)
          return [await run.keep(join(run.dir, 'made'), { name: text })]
        },
      },
    ],
    destinations: [
      {
        ...nothing,
        name: 'library',
        async deliver(assets) {
          delivered.push(assets.map(({ name }) => name))
          for (const { path, sha256 } of assets) await store.put(path, sha256)
          const about = { destination: 'library', place: '', at: new Date().toISOString() }
          return assets.map(({ id, sha256, bytes }) => ({ ...about, asset: id, sha256, bytes }))
        },
      },
    ],
  }
  const pipeline = await testPipeline(t, (await testDatabase(t)).url, engines)
  const store = diskStore(join(pipeline.root, 'store'))
  await pipeline.worker()
  for (const text of ['one', 'two', 'two']) {
    await pipeline.pool.query(
      `insert into recipes (account_id, name, steps) values ('owner', 'mine', $1)
       on conflict (account_id, name) do update set steps = excluded.steps`,
      [JSON.stringify([{ use: 'write', with: { text } }])],
    )
    const link = { kind: 'url', text: 'https://x.example/a' }
    const how = { link, originKey: 'thing', recipe: 'mine', destinations: ['library'] }
    const [job = ''] = await pipeline.start(how)
    assert.equal(await pipeline.until(job), 'done')
  }
  assert.deepEqual(delivered, [['one'], ['two'], ['two']])
  const { rows } = await pipeline.pool.query(`select from steps where kind = 'fetch'`)
  assert.equal(rows.length, 2, 'the third time nothing was fetched')
})

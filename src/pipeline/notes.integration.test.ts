import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Processor, Transport } from '#pipeline/engine.ts'
import { idleEngines, idlePart, testPipeline } from '#test/pipeline.ts'
import { testDatabase } from '#test/postgres.ts'

const nothing = { options: z.unknown(), checkpoint: z.unknown(), tools: [], title: 'test', accepts: () => true }

const transport: Transport = {
  ...nothing,
  name: 'idle',
  async fetch(part, _options, run) {
    await writeFile(join(run.dir, 'film'), part.name)
    return [await run.keep(join(run.dir, 'film'), { name: 'film.mp4' })]
  },
}

const probe: Processor = {
  ...nothing,
  name: 'probe',
  async process(assets, _options, run) {
    for (const asset of assets) run.note(asset, { container: 'mp4', durationSeconds: 4 })
    return assets
  },
}

const thumbnail: Processor = {
  ...nothing,
  name: 'thumbnail',
  async process(assets, _options, run) {
    for (const asset of assets) {
      await writeFile(join(run.dir, 'picture'), 'picture')
      const picture = await run.keep(join(run.dir, 'picture'), { name: 'film.thumb.jpg' })
      run.note(asset, { width: 640 }, { thumbnail: picture })
    }
    return assets
  },
}

test('what a second processor notes is added to what the first one noted', async (t) => {
  const [source] = idleEngines.sources
  assert.ok(source)
  const part = { ...idlePart('film.mp4'), type: 'video/mp4' }
  const resolve = async () => ({ title: 'film', source: 'idle', parts: [part] })
  const delivered: string[] = []
  const pipeline = await testPipeline(t, (await testDatabase(t)).url, {
    sources: [{ ...source, resolve }],
    transports: [transport],
    processors: [probe, thumbnail],
    destinations: [
      {
        ...nothing,
        name: 'library',
        async deliver(assets) {
          delivered.push(...assets.map(({ name }) => name))
          return []
        },
      },
    ],
  })
  await pipeline.worker()
  const link = { kind: 'url', text: 'https://a.example/film' }
  const [job = ''] = await pipeline.start({ link, recipe: 'default', destinations: ['library'] })
  assert.equal(await pipeline.until(job), 'done')
  const { rows } = await pipeline.pool.query('select name, facts, thumbnail is not null as pictured from assets')
  const facts = { container: 'mp4', durationSeconds: 4, width: 640 }
  assert.deepEqual(rows, [{ name: 'film.mp4', facts, pictured: true }])
  assert.deepEqual(delivered, ['film.mp4'], 'the thumbnail is not delivered')
})

test('what a site and a file say is stored whatever is in it, and so is what they are blamed for', async (t) => {
  const [source] = idleEngines.sources
  assert.ok(source)
  const odd = 'a\u0000b \uD83D'
  const part = { ...idlePart('film.mp4'), type: 'video/mp4', name: `${odd}.mp4`, request: { [odd]: odd } }
  const choice = { id: '1', kind: 'video' as const, label: odd, parts: [part] }
  const about = { author: odd, description: odd, chapters: [{ title: odd, from: 0 }] }
  const fails = { text: 'https://a.example/fails' }
  const pipeline = await testPipeline(t, (await testDatabase(t)).url, {
    sources: [
      {
        ...source,
        async resolve({ text }) {
          if (text === fails.text) throw new Fault('source.malformed', { reason: odd })
          return { title: 'film', source: 'idle', about, parts: [], choices: [choice, { ...choice, id: '2' }] }
        },
      },
    ],
    transports: [transport],
    processors: [
      {
        ...probe,
        async process(assets, _options, run) {
          for (const asset of assets) run.note(asset, { container: odd })
          return assets
        },
      },
    ],
    destinations: [{ ...nothing, name: 'folder', deliver: async () => [] }],
  })
  await pipeline.worker()
  const wish = { recipe: 'default', destinations: ['folder'] }
  const [plain = '', asked = '', failing = ''] = await pipeline.start(
    { ...wish, link: { kind: 'url', text: 'https://a.example/1' } },
    { ...wish, link: { kind: 'url', text: 'https://a.example/2' }, options: { chooseSeconds: 1 } },
    { ...wish, link: { kind: 'url', ...fails } },
  )
  assert.equal(await pipeline.until(plain), 'done')
  assert.equal(await pipeline.until(asked), 'done')
  assert.equal(await pipeline.until(failing), 'failed')
  const { rows } = await pipeline.pool.query(`select fault ->> 'code' as code from jobs where id = $1`, [failing])
  assert.deepEqual(rows, [{ code: 'source.malformed' }])
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RecipeStep } from '@jackdaw/contract/nouns/recipe.ts'
import type { Previewed } from './operations.ts'
import { type PreviewEngine, previewSteps } from './preview.ts'

const engine = (kind: PreviewEngine['kind'], name: string, available = true): PreviewEngine => ({
  kind,
  name,
  title: `${name} it`,
  available,
})
const engines = [
  engine('processor', 'convert', false),
  engine('processor', 'probe'),
  engine('processor', 'thumbnail'),
  engine('processor', 'trim'),
  engine('processor', 'subtitles'),
  engine('destination', 'library'),
  engine('destination', 'folder'),
]
const convert: RecipeStep = { use: 'convert', with: { to: 'mp4', crf: 23 }, only: ['mkv'], optional: false }
const job = (more: Partial<Previewed> = {}): Previewed => ({
  recipe: { name: 'small', title: '', steps: [convert], isBuiltin: false },
  options: {},
  destinations: ['library'],
  type: 'video/mp4',
  ...more,
})
const lines = (of: Previewed) => previewSteps(of, engines).map(({ kind, says }) => `${kind}: ${says}`)

describe('a preview', () => {
  test('has the steps of the job in their order, with options in words', () => {
    assert.deepEqual(lines(job()), [
      'resolve: see what is behind the link',
      'fetch: fetch the best there is',
      'process: convert it; to mp4; crf 23; only mkv',
      'process: probe it',
      'process: thumbnail it',
      'deliver: put it into the library',
    ])
  })

  test('says what the options change', () => {
    const options = { quality: 720, subs: ['en', 'de'], clips: [{ from: 0.5, to: 61 }, { from: 90 }], items: '1-5' }
    const says = lines(job({ options, destinations: ['folder:/srv'] }))
    assert.equal(says[0], 'resolve: see what is behind the link; of a list, the items 1-5')
    assert.equal(says[1], 'fetch: fetch the best of at most 720 lines')
    assert.equal(says[2], 'fetch: fetch the subtitles (en)')
    assert.equal(says[3], 'fetch: fetch the subtitles (de)')
    assert.equal(says[4], 'process: trim it; ranges 0.5s-1:01, 1:30-; exact')
    assert.equal(says.at(-1), 'deliver: put it into the folder /srv')
  })

  test('says which steps cannot be done here', () => {
    const steps = previewSteps(job({ options: { audio: 'mp3' } }), engines)
    const absent = new Set(steps.filter(({ available }) => !available).map((step) => step.engine))
    assert.ok(absent.has('convert'), 'its program is missing')
    assert.ok(absent.has('audio'), 'there is no such engine')
    assert.ok(!absent.has('probe'))
  })
})

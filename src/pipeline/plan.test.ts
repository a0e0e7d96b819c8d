import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Media, Part } from '@jackdaw/contract/nouns/media.ts'
import { plan, type PlanFor } from './plan.ts'

const part = (name: string, type?: string): Part => ({
  transport: 'http',
  name,
  site: 's.example',
  request: { url: name },
  ...(type !== undefined && { type }),
})
const media = (...parts: Part[]): Media => ({ title: 'm', source: 'direct', parts })
const steps = (how: Partial<PlanFor>) => {
  let id = 0
  return plan({
    media: media(part('a')),
    recipe: { name: 'plain', steps: [] },
    destinations: ['library'],
    reuse: undefined,
    earlier: [],
    newId: () => `s${++id}`,
    ...how,
  })
}

test('each part is fetched, then each destination gets all of them', () => {
  const planned = steps({ media: media(part('a'), part('b')), destinations: ['library', 'folder:/srv/a:b'] })
  assert.deepEqual(
    planned.map(({ kind, engine, after, waits, index, site }) => [kind, engine, after, waits, index, site]),
    [
      ['fetch', 'http', [], 0, 1, 's.example'],
      ['fetch', 'http', [], 0, 2, 's.example'],
      ['deliver', 'library', ['s1', 's2'], 2, 3, ''],
      ['deliver', 'folder', ['s1', 's2'], 2, 4, ''],
    ],
  )
  assert.deepEqual(planned[3]?.input, { to: '/srv/a:b' })
})

test('processing steps stand in line between fetching and delivering', () => {
  const planned = steps({ recipe: { name: 'default', steps: [] }, media: media(part('a', 'video/mp4')) })
  assert.deepEqual(
    planned.map(({ engine, after, optional }) => [engine, after, optional]),
    [
      ['http', [], false],
      ['probe', ['s1'], true],
      ['thumbnail', ['s2'], true],
      ['library', ['s3'], false],
    ],
  )
})

test('a thumbnail is made only for the library, and nobody looks into what is surely not media', () => {
  const engines = (how: Partial<PlanFor>) =>
    steps({ recipe: { name: 'default', steps: [] }, ...how }).map(({ engine }) => engine)
  assert.deepEqual(engines({ destinations: ['folder:/srv'] }), ['http', 'probe', 'folder'])
  assert.deepEqual(engines({ media: media(part('a', 'application/zip')) }), ['http', 'library'])
  assert.deepEqual(engines({ media: media(part('a', 'application/zip'), part('b')) }), [
    'http',
    'http',
    'probe',
    'thumbnail',
    'library',
  ])
})

test('what is there already is delivered and not fetched', () => {
  const planned = steps({ reuse: { assets: ['x', 'y'] }, recipe: { name: 'default', steps: [] } })
  assert.deepEqual(
    planned.map(({ kind, input, after, machine }) => [kind, input, after, machine]),
    [['deliver', { to: '', assets: ['x', 'y'] }, [], null]],
  )
})

test('what lies in the scratch of a machine is delivered by that machine', () => {
  const [step] = steps({ reuse: { assets: ['x'], machine: 'here' } })
  assert.equal(step?.machine, 'here')
})

test('a checkpoint of an earlier try is taken over where the input is the same, and its machine with it', () => {
  const wanted = { ...part('a'), bytes: undefined } as unknown as Part
  const earlier = (input: unknown) => [{ index: 1, engine: 'http', input, checkpoint: { at: 5 }, machine: 'here' }]
  const stored: unknown = JSON.parse(JSON.stringify({ part: wanted }))
  const [same] = steps({ media: media(wanted), earlier: earlier(stored) })
  assert.deepEqual([same?.checkpoint, same?.machine], [{ at: 5 }, 'here'])
  const [other] = steps({ media: media(wanted), earlier: earlier({ part: part('b') }) })
  assert.deepEqual([other?.checkpoint, other?.machine], [null, null])
})

const film = (...parts: Part[]) => ({ id: 'c', kind: 'video' as const, label: '', container: 'mp4', parts })
const uses = (how: Partial<PlanFor>) => steps(how).map(({ engine }) => engine)

test('picture and sound that come apart are merged first', () => {
  const planned = steps({ media: media(), choice: film(part('v', 'video/mp4'), part('a', 'audio/mp4')) })
  assert.deepEqual(
    planned.map(({ engine, after }) => [engine, after]),
    [
      ['http', []],
      ['http', []],
      ['merge', ['s1', 's2']],
      ['library', ['s3']],
    ],
  )
  assert.deepEqual(planned[2]?.input, { options: { container: 'mp4' } })
})

test('the title in a sound has no extension of a file', () => {
  const of = { ...media(part('song.mp4', 'video/mp4')), title: 'Song No. 5.mp4' }
  const metadata = steps({ media: of, options: { audio: 'mp3' } }).find(({ engine }) => engine === 'metadata')
  assert.deepEqual(metadata?.input, { options: { title: 'Song No. 5' } })
})

test('a clip with a name of its own is not labelled', () => {
  const options = { clips: [{ from: 5 }], name: 'Mine' }
  const [, trim] = steps({ media: media(part('a', 'video/mp4')), options })
  assert.deepEqual(trim?.input, { options: { ranges: [{ from: 5 }], join: false, exact: false, label: false } })
})

test('what was asked for becomes steps in a fixed order, and the recipe comes after them', () => {
  const subtitles = [{ language: 'en', automatic: false, part: part('en.vtt') }]
  const planned = steps({
    media: { ...media(part('a', 'video/mp4')), subtitles, cover: part('cover.jpg'), about: { author: 'me' } },
    options: {
      clips: [{ from: 5 }, { from: 9, to: 10 }],
      audio: 'mp3',
      subs: ['en'],
      prefix: '07 ',
      steps: [
        { use: 'split', with: {}, optional: false },
        { use: 'convert', with: {}, optional: false },
      ],
    },
    recipe: { name: 'mine', steps: [{ use: 'rename', with: { x: 1 }, optional: false, only: ['mp3'] }] },
  })
  assert.deepEqual(
    planned.map(({ engine, optional }) => (optional ? `${engine}?` : engine)),
    [
      'http',
      'http?',
      'http?',
      'trim',
      'audio',
      'subtitles',
      'metadata?',
      'rename',
      'convert',
      'split',
      'probe?',
      'thumbnail?',
      'library',
    ],
  )
  const inputs = planned.map(({ input }) => input)
  const partOf = (at: number) => (inputs[at] ?? {})['part'] as Part
  assert.deepEqual(partOf(0).name, '07 a')
  assert.deepEqual(
    [1, 2].map((at) => partOf(at).role),
    ['subtitle', 'cover'],
  )
  assert.deepEqual(inputs[3], { options: { ranges: [{ from: 5 }, { from: 9, to: 10 }], join: false, exact: true } })
  assert.deepEqual(inputs[6], { options: { title: 'm', artist: 'me' } })
  assert.deepEqual(inputs[7], { options: { x: 1 }, only: ['mp3'] })
})

test('chapters are written into a film, unless only stretches of it are kept', () => {
  const chapters = [{ title: 'One', from: 0, to: 5 }]
  const found = { ...media(part('a', 'video/mp4')), about: { chapters } }
  const planned = steps({ media: found })
  assert.deepEqual(
    planned.map(({ engine }) => engine),
    ['http', 'metadata', 'library'],
  )
  assert.deepEqual(planned[1]?.input, { options: { title: 'm', chapters } })
  assert.deepEqual(uses({ media: found, options: { clips: [{ from: 1 }] } }), ['http', 'trim', 'library'])
})

test('a cover is fetched only where something takes it in', () => {
  assert.deepEqual(uses({ media: { ...media(part('a')), cover: part('c') } }), ['http', 'library'])
})

test('an address that was made for us may be another one: the bytes before are the same until they are seen not to be', () => {
  const signed = (url: string, name = 'a') => ({ ...part(name), givenAt: url, request: { url } })
  const earlier = [{ index: 1, engine: 'http', input: { part: signed('1') }, checkpoint: { at: 5 }, machine: 'here' }]
  assert.deepEqual(steps({ media: media(signed('2')), earlier })[0]?.checkpoint, { at: 5 })
  assert.equal(steps({ media: media(signed('2', 'b')), earlier })[0]?.checkpoint, null)
})

test('steps may stand after others', () => {
  assert.deepEqual(
    steps({ from: 5 }).map(({ index }) => index),
    [5, 6],
  )
})

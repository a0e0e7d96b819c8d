import assert from 'node:assert/strict'
import { isAbsolute, normalize } from 'node:path'
import test from 'node:test'
import * as fc from 'fast-check'
import { Fault } from '@jackdaw/contract/faults.ts'
import { fillTemplate, parseTemplate } from './template.ts'

const asset = { id: '01jx', name: 'Sea & Sky.tar.gz', createdAt: '2026-03-09T23:59:59.000Z' }
const fill = (to: string, name = asset.name, media = {}) => {
  const template = parseTemplate(to)
  return `${template.prefix}|${fillTemplate(template, { ...asset, name }, media)}`
}

test('a plain folder takes the name of the file', () => {
  assert.equal(fill('/srv/media'), '/srv/media|Sea & Sky.tar.gz')
  assert.equal(fill('/srv//media/'), '/srv/media|Sea & Sky.tar.gz')
  assert.equal(fill('/'), '/|Sea & Sky.tar.gz')
  assert.equal(fill('/srv/.hidden/-x'), '/srv/.hidden/-x|Sea & Sky.tar.gz')
})

test('variables stand for the asset, its date and its media', () => {
  const media = { title: 'A/B', site: 'example.org' }
  assert.equal(
    fill('/srv/{year}/{site}/{title} {id}.{ext}', asset.name, media),
    '/srv|2026/example.org/A_B 01jx.tar.gz',
  )
  assert.equal(fill('/srv/{month}-{day}/{stem}.{ext}'), '/srv|03-09/Sea & Sky.tar.gz')
})

test('a template that does not name the file names a folder', () => {
  assert.equal(fill('/srv/{year}'), '/srv|2026/Sea & Sky.tar.gz')
  assert.equal(fill('/srv/{name}/'), '/srv|Sea & Sky.tar.gz/Sea & Sky.tar.gz')
})

test('what is not known has a word of its own', () => {
  assert.equal(fill('/srv/{site}/{title}.{ext}', 'clip.mp4'), '/srv|unknown/clip.mp4')
  assert.equal(fill('/srv/{stem}.{ext}', 'README'), '/srv|README')
})

for (const to of [
  'srv',
  '',
  './x',
  '/a/../b',
  '/a/./b',
  '/a/{nope}',
  '/a/{name',
  '/a/name}',
  '/a/{}',
  '/a\0b',
  '/{__proto__}',
]) {
  test(`the template ${JSON.stringify(to)} is refused with a reason`, () => {
    assert.throws(
      () => parseTemplate(to),
      (thrown) => thrown instanceof Fault && thrown.code === 'input.invalid',
    )
  })
}

test('whatever the values, the path stays below the prefix and has as many segments as the template', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: fc.constantFrom('.', '/', '\\', '{name}', '\0', 'a') }),
  )
  fc.assert(
    fc.property(text, text, text, (name, title, site) => {
      const path = fillTemplate(parseTemplate('/srv/{site}/{title}/{id}-{name}'), { ...asset, name }, { title, site })
      assert.equal(path.split('/').length, 3)
      assert.ok(!isAbsolute(path) && normalize(path) === path && !path.includes('\0'))
    }),
    { numRuns: 30 }, // making the texts takes fast-check 30 ms each
  )
})

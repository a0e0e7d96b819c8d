import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FilterOptions, passes } from './rules.ts'

const files = [
  { name: 'film.mp4', type: 'video/mp4', bytes: 5_000_000 },
  { name: 'film.sample.MKV', type: 'video/matroska', bytes: 90_000 },
  { name: 'song.mp3', type: 'audio/mpeg', bytes: 300_000 },
  { name: 'cover.jpg', type: 'image/jpeg', bytes: 2_048 },
  { name: 'notes.tar.gz', type: 'application/gzip', bytes: 10 },
  { name: 'README', type: 'text/plain', bytes: 0 },
]
const left = (options: unknown) => files.filter(passes(FilterOptions.parse(options))).map(({ name }) => name)

for (const [title, options, expected] of [
  ['nothing asked, nothing dropped', {}, files.map(({ name }) => name)],
  ['extensions in any case, with a dot or without', { keep: ['mkv', '.MP3'] }, ['film.sample.MKV', 'song.mp3']],
  ['extensions as they are typed', { keep: 'mkv, .MP3' }, ['film.sample.MKV', 'song.mp3']],
  ['names as they are typed', { keepNames: 'film*,*.gz' }, ['film.mp4', 'film.sample.MKV', 'notes.tar.gz']],
  ['both parts of a double extension count', { keep: ['gz'] }, ['notes.tar.gz']],
  ['a double extension can be named', { keep: ['tar.gz'] }, ['notes.tar.gz']],
  ['dropping wins over keeping', { keep: ['mp4', 'mp3'], drop: ['mp3'] }, ['film.mp4']],
  ['an empty list keeps nothing', { keep: [] }, []],
  ['a kind of media', { keepTypes: ['video'] }, ['film.mp4', 'film.sample.MKV']],
  ['a kind with a star, and one type', { keepTypes: ['image/*', 'audio/mpeg'] }, ['song.mp3', 'cover.jpg']],
  ['types dropped', { dropTypes: ['video', 'audio', 'application', 'image'] }, ['README']],
  ['names by pattern', { keepNames: ['*film*'], dropNames: ['*sample*'] }, ['film.mp4']],
  ['larger and smaller are strict', { largerThan: '2k', smallerThan: 300_000 }, ['film.sample.MKV']],
] as const) {
  test(`filter: ${title}`, () => assert.deepEqual(left(options), expected))
}

test('filter: options that say nothing sensible are refused', () => {
  for (const options of [{ keep: ['a/b'] }, { keepTypes: ['../x'] }, { largerThan: 'huge' }, { keepNames: [''] }]) {
    assert.equal(FilterOptions.safeParse(options).success, false, JSON.stringify(options))
  }
})

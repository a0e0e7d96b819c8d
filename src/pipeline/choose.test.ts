import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Choice, Part } from '@jackdaw/contract/nouns/media.ts'
import { choose, chosenSubtitles, type Wanted } from './choose.ts'

const part = (name: string): Part => ({ transport: 'http', name, site: 's', request: {} })
const video = (height: number, more: Partial<Choice> = {}): Choice => ({
  id: `${height}p`,
  kind: 'video',
  label: `${height}p`,
  width: Math.round((height * 16) / 9),
  height,
  parts: [part('v')],
  ...more,
})
const audio = (bitrate: number, more: Partial<Choice> = {}): Choice => ({
  id: `a${bitrate}`,
  kind: 'audio',
  label: 'audio',
  bitrate,
  parts: [part('a')],
  ...more,
})
const ladder = [
  video(2160),
  video(1080, { bytes: 900 }),
  video(720, { bytes: 500 }),
  video(240, { bytes: 50 }),
  audio(64),
  audio(128),
]
const id = (wanted: Wanted, choices: readonly Choice[] = ladder) => choose(choices, wanted)?.choice.id

test('without a word it is the best picture', () => assert.equal(id({}), '2160p'))
test('a number of lines is the most that is taken', () => {
  assert.equal(id({ quality: 1080 }), '1080p')
  assert.equal(id({ quality: 800 }), '720p')
})
test('where everything has more lines, it is the one with the fewest, and it is said', () => {
  const { choice, why } = choose(ladder, { quality: 144 }) ?? {}
  assert.equal(choice?.id, '240p')
  assert.match(why ?? '', /none of at most 144/)
})
test('a film that was taken upright counts by its shorter side', () => {
  const upright = [video(1920, { id: 'up', width: 1080, height: 1920 }), video(480)]
  assert.equal(id({ quality: 1080 }, upright), 'up')
})
test('the worst picture is the smallest, not a sound', () => assert.equal(id({ quality: 'worst' }), '240p'))
test('the sound is the best of the sounds', () => assert.equal(id({ audio: 'mp3' }), 'a128'))
test('where there is no sound alone, a picture of few lines is taken for its sound', () =>
  assert.equal(id({ audio: 'best' }, [video(2160), video(720), video(480)]), '720p'))
test('what is too large gives way to the best that is small enough', () => {
  const sized = ladder.filter(({ bytes }) => bytes !== undefined)
  assert.equal(id({ maxBytes: 600 }, sized), '720p')
  assert.match(choose(sized, { maxBytes: 600 })?.why ?? '', /small enough/)
  assert.equal(id({ maxBytes: 10 }, sized), '240p')
})
test('the language that is preferred comes first, and a missing one is no reason for nothing', () => {
  const spoken = [video(1080, { id: 'en', language: 'en-US' }), video(720, { id: 'de', language: 'de' })]
  assert.equal(id({ language: ['fr', 'de'] }, spoken), 'de')
  assert.equal(id({ language: ['en'] }, spoken), 'en')
  assert.equal(id({ language: ['fr'] }, spoken), 'en')
})
test('more frames come before the order of the source, and that before nothing', () => {
  const same = [
    video(1080, { id: 'a', framesPerSecond: 30 }),
    video(1080, { id: 'b', framesPerSecond: 59.94 }),
    video(1080, { id: 'c', framesPerSecond: 60 }),
  ]
  assert.equal(id({}, same), 'b')
})
test('a choice that was named is that choice, or a fault', () => {
  assert.equal(id({ choice: '240p', quality: 'best' }), '240p')
  assert.throws(
    () => id({ choice: 'x' }),
    (error) => isFault(error, 'input.unknown') && /There is no choice x \(there are .*240p/.test(error.message),
  )
})
test('of any choices one is taken, and of none none', () => {
  const anyChoice = fc.record({
    height: fc.option(fc.integer({ min: 1, max: 4320 }), { nil: undefined }),
    bytes: fc.option(fc.nat(), { nil: undefined }),
    kind: fc.constantFrom('video' as const, 'audio' as const, 'file' as const, 'picture' as const),
    language: fc.option(fc.constantFrom('en', 'de'), { nil: undefined }),
  })
  const anyWanted = fc.record({
    quality: fc.constantFrom(undefined, 'best' as const, 'worst' as const, 144, 1080),
    audio: fc.constantFrom(undefined, 'mp3' as const),
    maxBytes: fc.option(fc.nat(), { nil: undefined }),
    language: fc.constantFrom(undefined, ['de']),
  })
  fc.assert(
    fc.property(fc.array(anyChoice), anyWanted, (raw, wanted) => {
      const choices = raw.map((one, at) => ({ ...one, id: String(at), label: '', parts: [part('x')] })) as Choice[]
      const taken = choose(choices, wanted as Wanted)
      assert.equal(taken === undefined, choices.length === 0)
      if (taken) assert.ok(choices.includes(taken.choice) && taken.why !== '')
    }),
  )
})

const sub = (language: string, automatic = false) => ({ language, automatic, part: part(`${language}${automatic}`) })
const subtitles = [sub('en', true), sub('en-GB'), sub('en'), sub('de'), sub('fr', true)]
const names = (...subs: string[]) => chosenSubtitles({ subtitles }, subs).map(({ name }) => name)

test('subtitles are taken by language, those that people made first, and never twice', () => {
  assert.deepEqual(names('en'), ['enfalse'])
  assert.deepEqual(names('fr', 'de', 'xx'), ['frtrue', 'defalse'])
  assert.deepEqual(names('all', 'en'), ['en-GBfalse', 'enfalse', 'defalse'])
  assert.deepEqual(chosenSubtitles({ subtitles }, undefined), [])
})

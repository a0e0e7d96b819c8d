import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { type MediaOptions, jobOptionsOf } from './media-options.ts'

describe('the flags about media', () => {
  test('become options of a job', () => {
    assert.deepEqual(
      jobOptionsOf({
        quality: '720p',
        language: ['en,de', 'fr'],
        subs: ['en', 'pt-BR,all'],
        subsAs: 'files',
        clip: ['1:30-2:00,90-', '-30'],
        joinClips: true,
        exact: true,
        items: '1-5,8,12-',
        listOnly: true,
        page: true,
        record: '1h30m',
        choice: 'v720',
        extract: true,
        step: ['convert to=mp4'],
      }),
      {
        quality: 720,
        language: ['en', 'de', 'fr'],
        subs: ['en', 'pt-BR', 'all'],
        subsAs: 'files',
        clips: [{ from: 90, to: 120 }, { from: 90 }, { from: 0, to: 30 }],
        joinClips: true,
        exact: true,
        items: '1-5,8,12-',
        list: true,
        page: true,
        recordSeconds: 5400,
        choice: 'v720',
        steps: [
          { use: 'extract', with: {}, optional: false },
          { use: 'convert', with: { to: 'mp4' }, optional: false },
        ],
      },
    )
    assert.deepEqual(jobOptionsOf({}), {})
    assert.deepEqual(jobOptionsOf({ audio: true, quality: 'worst' }), { audio: 'best', quality: 'worst' })
  })

  for (const [typed, quality] of [
    ['1080p60', 1080],
    ['1080P', 1080],
    ['4K', 2160],
    ['2k', 1440],
    [' best ', 'best'],
  ] as const)
    test(`the quality ${typed} is ${quality}`, () => assert.deepEqual(jobOptionsOf({ quality: typed }), { quality }))

  const wrong: readonly (readonly [MediaOptions, RegExp])[] = [
    [{ quality: 'high' }, /--quality: expected lines such as 720, 1080p or 4k, or best, worst, not "high"/],
    [{ quality: '' }, /--quality/],
    [{ quality: '5k' }, /--quality: .* not "5k"/],
    [{ audio: 'ogg' }, /--audio: expected mp3, m4a, opus, flac or wav, not "ogg"/],
    [{ language: ['english!'] }, /--language: expected languages such as en,pt-BR, not "english!"/],
    [{ subs: ['en,'] }, /--subs: expected languages .*, or all, not "en,"/],
    [{ subsAs: 'burn' }, /--subs-as: expected embed or files/],
    [{ clip: ['90'] }, /--clip: expected a stretch such as 1:30-2:00, 90- or -30, not "90"/],
    [{ clip: ['-'] }, /--clip/],
    [{ clip: ['1-2-3'] }, /--clip/],
    [{ clip: ['2:00-1:30'] }, /--clip: expected an end after its beginning/],
    [{ clip: Array.from({ length: 101 }, () => '1-2') }, /--clip: expected at most 100 clips, not "101 of them"/],
    [{ joinClips: true }, /--join-clips: there is nothing to join/],
    [{ items: 'all' }, /--items: expected numbers of the list such as 1-5,8,12-, not "all"/],
    [{ record: 'long' }, /--record: expected a time such as 90, 5:00 or 1h30m/],
    [{ record: '0' }, /--record/],
    [{ choice: '' }, /--choice/],
    [{ step: ['convert mp4'] }, /--step: expected key=value/],
  ]
  for (const [typed, says] of wrong) {
    test(`are refused in words: ${JSON.stringify(typed).slice(0, 40)}`, () => {
      assert.throws(
        () => jobOptionsOf(typed),
        (error) => isFault(error, 'input.invalid') && says.test(error.message),
      )
    })
  }
})

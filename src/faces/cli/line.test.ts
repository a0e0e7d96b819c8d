import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import stringWidth from 'string-width'
import { catalogue, Fault, type FaultCode } from '@jackdaw/contract/faults.ts'
import type { JobDetail } from '@jackdaw/contract/nouns/job.ts'
import { paint } from './format.ts'
import { endLines, exitOf, progressLine, summaryLine } from './line.ts'
import { frame } from './report-live.ts'
import type { JobView } from './view.ts'

const bare = paint(false)
const view = (more: Partial<JobView> = {}): JobView => ({
  id: 'j1',
  title: 'film.mp4',
  state: 'running',
  doing: 'fetching',
  steps: new Map([
    [
      's1',
      {
        label: 'fetching',
        progress: { unit: 'bytes', done: 13_107_200, of: 26_214_400, speed: 4_194_304, etaSeconds: 3 },
      },
    ],
  ]),
  ...more,
})
const at = '2026-01-01T00:00:00.000Z'
const job = (more: Partial<JobDetail> = {}): JobDetail => ({
  id: 'j1',
  account: 'a',
  link: 'http://a.example/film.mp4',
  title: 'film.mp4',
  recipe: 'default',
  state: 'done',
  priority: 0,
  destinations: ['folder:/srv'],
  createdAt: at,
  startedAt: at,
  endedAt: '2026-01-01T00:00:03.000Z',
  steps: [],
  assets: [],
  receipts: [{ asset: 'a1', destination: 'folder:/srv', place: '/srv/film.mp4', sha256: '', bytes: 12_897_485, at }],
  ...more,
})

describe('the line of a running job', () => {
  test('shows bar, percent, size, speed, time left and step in eighty columns', () => {
    assert.equal(
      progressLine(view(), 79, bare),
      'film.mp4        ████░░░░   50%    12.5/25.0 MiB    4.0 MiB/s     3s  fetching',
    )
  })

  test('stands under the line of another job, cell by cell', () => {
    const queued = progressLine(view({ state: 'queued', steps: new Map() }), 100, bare)
    assert.equal(queued.indexOf('queued'), progressLine(view(), 100, bare).indexOf('fetching'))
  })

  test('leaves out what matters least when the terminal is narrow', () => {
    assert.match(progressLine(view(), 60, bare), /^film\.mp4 +50% +12\.5\/25\.0 MiB +4\.0 MiB\/s {2}fetching$/)
    assert.match(progressLine(view(), 30, bare), /^film\.mp4 +50% {2}fetching$/)
  })

  test('says why a job waits, and what state it is in when it does not run', () => {
    assert.match(progressLine(view({ note: 'again in 5 s' }), 100, bare), /again in 5 s$/)
    assert.match(progressLine(view({ state: 'paused' }), 100, bare), /paused$/)
    assert.match(progressLine(view({ state: 'queued', steps: new Map() }), 100, bare), /^film\.mp4 +queued$/)
  })

  test('never is wider than the terminal and never leaves its line, whatever the title', () => {
    const unit = fc.constantFrom('bytes', 'seconds', 'items')
    const progress = fc.record({ unit, done: fc.nat(), of: fc.option(fc.nat(), { nil: undefined }), speed: fc.nat() })
    const anything = fc.record({
      title: fc.string({ unit: 'grapheme' }),
      note: fc.string({ unit: 'binary' }),
      progress,
    })
    fc.assert(
      fc.property(anything, fc.integer({ min: 20, max: 200 }), ({ title, note, progress }, width) => {
        const steps = new Map([['s', { label: note, progress: { ...progress } as never }]])
        const line = progressLine(view({ title, note, steps }), width, bare)
        assert.ok(stringWidth(line) <= width, `${stringWidth(line)} > ${width}: ${line}`)
        assert.ok(!/\p{Cc}/u.test(line))
      }),
      { numRuns: 30 }, // making the texts takes fast-check 20 ms each
    )
  })
})

describe('the picture of many jobs', () => {
  test('is never higher than the terminal; those that run come first', () => {
    const waiting = Array.from({ length: 40 }, (_, index) =>
      view({ id: `w${index}`, title: `w${index}`, state: 'queued' }),
    )
    const lines = frame([...waiting, view()], 'a remark', 80, 12, bare)
    assert.equal(lines.length, 10)
    assert.match(String(lines[0]), /^film\.mp4/)
    assert.equal(lines.at(-2), '… 33 more (1 of 41 run)')
    assert.equal(lines.at(-1), 'a remark')
  })
})

describe('what stays of a job', () => {
  test('names size, speed, time and place when it is done', () => {
    assert.deepEqual(endLines(job(), bare), ['✓ film.mp4  12.3 MiB  4.1 MiB/s  3.0 s  → /srv/film.mp4'])
  })

  test('gives each place a line when there are several', () => {
    const receipts = ['/a/film.mp4', '/b/film.mp4'].map((place) => ({ ...job().receipts[0], place }))
    const lines = endLines(job({ receipts: receipts as JobDetail['receipts'] }), bare)
    assert.deepEqual(lines.slice(1), ['    → /a/film.mp4', '    → /b/film.mp4'])
  })

  test('says what went wrong, its code, and what to do', () => {
    const fault = new Fault('source.gone', { reason: '404' }).view()
    assert.deepEqual(endLines(job({ state: 'failed', fault }), bare), [
      '✗ film.mp4: There is nothing at this link any more (404). Check the link. (source.gone)',
      '    try again: jackdaw retry j1',
    ])
  })

  test('is summed up', () => {
    assert.equal(
      summaryLine({ done: 2, failed: 1, cancelled: 0, bytes: 2048, seconds: 3 }),
      '2 done, 1 failed  2.0 KiB in 3.0 s',
    )
  })

  test('has the exit code of its fault', () => {
    assert.equal(exitOf({ state: 'done' }), 0)
    assert.equal(exitOf({ state: 'cancelled' }), 130)
    for (const code of Object.keys(catalogue) as FaultCode[]) {
      assert.equal(exitOf({ state: 'failed', fault: new Fault(code).view() }), catalogue[code].exit)
    }
  })
})

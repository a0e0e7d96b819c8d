import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import stringWidth from 'string-width'
import { catalogue, Fault, type FaultCode } from '@jackdaw/contract/faults.ts'
import type { JobDetail } from '@jackdaw/contract/nouns/job.ts'
import { paint } from './format.ts'
import { closingLines, endLines, exitOf, listEndLine, listLine, progressLine, summaryLine } from './line.ts'
import { frame } from './report-live.ts'
import type { JobView, StepView } from './view.ts'

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
        kind: 'fetch',
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
  state: 'done',
  priority: 0,
  recipe: 'default',
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

  test('shows how far a stream is, and how much faster than it plays', () => {
    const progress = { unit: 'seconds', done: 12, of: 90, speed: 2.1, etaSeconds: 37 } as const
    const steps = new Map([['s', { kind: 'process' as const, label: 'convert', progress }]])
    const line = progressLine(view({ doing: 'convert', steps }), 100, bare)
    assert.match(line, /13% +0:12\/1:30 +2\.1x +37s +convert$/)
    const live = new Map([
      ['s', { kind: 'fetch' as const, label: 'record', progress: { unit: 'seconds', done: 3723 } as const }],
    ])
    assert.match(progressLine(view({ steps: live }), 100, bare), / 1:02:03 /)
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
        const steps = new Map<string, StepView>([
          ['s', { kind: 'fetch' as const, label: note, progress: { ...progress } as never }],
        ])
        const line = progressLine(view({ title, note, steps }), width, bare)
        assert.ok(stringWidth(line) <= width, `${stringWidth(line)} > ${width}: ${line}`)
        assert.ok(!/\p{Cc}/u.test(line))
      }),
      { numRuns: 30 }, // making the texts takes fast-check 20 ms each
    )
  })
})

test('a job that has ended is called after the file that arrived, whatever was fetched on the way', () => {
  const made = { type: 'video/mp4', bytes: 1, sha256: '', state: 'kept', createdAt: at } as const
  const assets = [
    { ...made, id: 'a0', name: 'picture only.mp4' },
    { ...made, id: 'a1', name: 'Harbour.mp4' },
  ]
  assert.match(String(endLines(job({ assets }), bare)[0]), /^✓ Harbour\.mp4 /)
  assert.match(String(endLines(job({ assets, receipts: [] }), bare)[0]), /^✓ film\.mp4 /)
})

describe('a list', () => {
  const list = { title: 'Lectures', count: 30, ended: 12, failed: 2 }

  test('has one line with how many have ended, under those of its entries, and one that stays', () => {
    const line = listLine(list, 100, bare)
    assert.match(line, /^Lectures +█+░+ +40% +12\/30 items +2 failed$/)
    assert.equal(line.indexOf('█'), progressLine(view(), 100, bare).indexOf('█'))
    assert.equal(listEndLine({ ...list, ended: 30 }, bare), '✗ Lectures  28 of 30 fetched')
    assert.equal(listEndLine({ ...list, ended: 30, failed: 0 }, bare), '✓ Lectures  30 fetched')
  })

  test('stands last in the picture, under the entries that run; those that wait are not shown', () => {
    const waiting = view({ id: 'w', title: 'waits', state: 'queued' })
    const lines = frame({ views: [waiting, view()], lists: [list] }, { columns: 80, rows: 24 }, bare)
    assert.equal(lines.length, 2)
    assert.match(String(lines[0]), /^film\.mp4/)
    assert.match(String(lines[1]), /^Lectures .* 12\/30 items .* 2 failed$/)
    const narrow = frame({ views: [view()], lists: [list, list, list] }, { columns: 20, rows: 6 }, bare)
    assert.ok(narrow.length <= 3)
    for (const line of narrow) assert.ok(stringWidth(line) <= 20)
  })

  test('ends with what failed, what was skipped and the totals', () => {
    const totals = { done: 28, failed: 1, cancelled: 0, bytes: 1024, seconds: 3 }
    const closing = {
      totals,
      failed: [job({ title: 'Lecture 7', fault: new Fault('source.gone', { reason: '404' }).view() })],
      skipped: [{ title: 'Lecture 9', reason: 'private' }],
      again: 'j1',
    }
    const lines = closingLines(closing, bare)
    assert.match(String(lines[0]), /^✗ Lecture 7: There is nothing at this link any more \(404\).*\(source\.gone\)$/)
    assert.deepEqual(lines.slice(1), [
      '– Lecture 9: skipped: private',
      '    try what failed again: jackdaw retry j1',
      '28 done, 1 failed, 1 skipped  1.0 KiB in 3.0 s',
    ])
  })
})

describe('the picture of many jobs', () => {
  test('is never higher than the terminal; those that run come first', () => {
    const waiting = Array.from({ length: 40 }, (_, index) =>
      view({ id: `w${index}`, title: `w${index}`, state: 'queued' }),
    )
    const lines = frame({ views: [...waiting, view()], trouble: 'a remark' }, { columns: 80, rows: 12 }, bare)
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

  test('names what a second try lacks', () => {
    const again = (fault: Fault) => endLines(job({ state: 'failed', fault: fault.view() }), bare)[1]
    assert.equal(
      again(new Fault('process.password', { name: 'a.zip' })),
      '    try again: jackdaw retry j1 --archive-password-file FILE',
    )
    const broken = endLines(job({ state: 'failed', fault: new Fault('process.failed', { reason: '' }).view() }), bare)
    assert.equal(broken[2], '    or take it as it came: jackdaw retry j1 --recipe plain')
    assert.equal(again(new Fault('source.login', { reason: '' })), '    try again: jackdaw retry j1 --cookies FILE')
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

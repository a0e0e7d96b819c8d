import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '@jackdaw/contract/events.ts'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Job } from '@jackdaw/contract/nouns/job.ts'
import { fakeTerminal } from '#test/fakes/terminal.ts'
import { paint } from './format.ts'
import { plainReport } from './report-plain.ts'

const at = '2026-01-01T00:00:00.000Z'
const job: Job = {
  id: 'j1',
  account: 'a',
  link: 'https://a.example/film.mp4',
  title: 'film.mp4',
  state: 'running',
  priority: 0,
  destinations: ['library'],
  createdAt: at,
  startedAt: at,
  endedAt: null,
}

test('why a job is tried again is said once, and again when it is another reason', () => {
  const terminal = fakeTerminal()
  const report = plainReport(terminal, paint(false))
  report.started([job])
  const retrying = (seq: number, reason: string): Event => ({
    type: 'step.retrying',
    seq,
    at,
    job: 'j1',
    data: {
      step: 's1',
      kind: 'fetch',
      engine: 'http',
      label: 'fetch',
      fault: new Fault('source.broken', { reason }).view(),
      readyAt: at,
    },
  })
  for (const [seq, reason] of ['HTTP 500', 'HTTP 500', 'HTTP 502', 'HTTP 500'].entries())
    report.event(retrying(seq, reason))
  report.close()
  const reasons = terminal.out().match(/HTTP \d+/g)
  assert.deepEqual(reasons, ['HTTP 500', 'HTTP 502', 'HTTP 500'])
})

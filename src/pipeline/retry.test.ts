import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogue, Fault, fromView } from '@jackdaw/contract/faults.ts'
import { type Case, exhausted, judge } from './retry.ts'

const at: Case = { tries: 0, progressed: false, now: 1_000_000, random: () => 0.5, baseMs: 1000 }
const waited = (readyAt: Date | undefined) => (readyAt?.getTime() ?? Number.NaN) - at.now

test('what a site may get over is tried again after a wait that grows', () => {
  const broken = new Fault('source.broken', { reason: 'HTTP 500' })
  const waits = [0, 1, 2, 3].map((tries) => {
    const { to, readyAt, tries: counted } = judge(broken, { ...at, tries })
    assert.deepEqual([to, counted], ['retry', tries + 1])
    return waited(readyAt)
  })
  assert.deepEqual(waits, [500, 1000, 2000, 4000])
})

test('waits differ by chance and have a ceiling', () => {
  const broken = new Fault('source.broken')
  const wait = (random: number) => waited(judge(broken, { ...at, tries: 4, random: () => random }).readyAt)
  assert.ok(wait(0.1) < wait(0.9))
  assert.equal(waited(judge(broken, { ...at, tries: 4, baseMs: 1_000_000, random: () => 1 }).readyAt), 60_000)
})

test('every fault whose plan is to stop fails the step at the first time', () => {
  for (const [code, { next }] of Object.entries(catalogue)) {
    if (next !== 'stop' && next !== 'elsewhere') continue
    const verdict = judge(new Fault(code as keyof typeof catalogue), at)
    assert.deepEqual([verdict.to, verdict.exhausted], ['failed', undefined], code)
  }
})

test('a fault may overrule the plan of its code', () => {
  assert.equal(judge(new Fault('source.broken', {}, { next: 'stop' }), at).to, 'failed')
  assert.equal(judge(new Fault('source.refused', {}, { next: 'retry' }), at).to, 'retry')
})

test('six failures in a row are enough', () => {
  const broken = new Fault('source.broken')
  assert.equal(judge(broken, { ...at, tries: 4 }).to, 'retry')
  assert.deepEqual(judge(broken, { ...at, tries: 5 }), { to: 'failed', tries: 6, exhausted: true })
})

test('whoever got further begins to count anew', () => {
  const verdict = judge(new Fault('source.truncated'), { ...at, tries: 5, progressed: true })
  assert.deepEqual([verdict.to, verdict.tries], ['retry', 1])
})

test('a site that says when to come back is asked then, and more often', () => {
  const throttled = new Fault('source.throttled', { retryAfterSeconds: 30 })
  const verdict = judge(throttled, { ...at, tries: 8 })
  assert.equal(verdict.to, 'retry')
  assert.ok(waited(verdict.readyAt) >= 30_000 && waited(verdict.readyAt) <= 45_000)
  assert.equal(judge(throttled, { ...at, tries: 11 }).to, 'failed')
})

test('nobody waits by surprise for more than an hour', () => {
  assert.equal(judge(new Fault('source.throttled', { retryAfterSeconds: 3601 }), at).to, 'failed')
  assert.equal(judge(new Fault('source.throttled', { retryAfterSeconds: 3600 }), at).to, 'retry')
})

test('a full disk and an absent database are waited for as long as it takes', () => {
  for (const code of ['house.disk-full', 'destination.full', 'house.database'] as const) {
    const verdict = judge(new Fault(code), { ...at, tries: 1000 })
    assert.deepEqual([verdict.to, verdict.tries], ['later', undefined])
    assert.ok(waited(verdict.readyAt) >= 5000)
  }
})

test('a quota goes on when it resets, without counting', () => {
  const verdict = judge(new Fault('quota.exceeded', { retryAfterSeconds: 7 }), { ...at, tries: 1000 })
  assert.deepEqual([verdict.to, waited(verdict.readyAt), verdict.tries], ['later', 7000, undefined])
})

test('a house that stops takes no try', () => {
  assert.deepEqual(judge(new Fault('house.stopping'), { ...at, tries: 1000 }), { to: 'ready' })
})

test('a fault of the last try keeps its code and does not promise another one', () => {
  for (const code of ['source.unreachable', 'source.truncated', 'destination.full', 'source.changed'] as const) {
    const view = exhausted(new Fault(code, { reason: 'no answer', bytes: 1, expected: 2, path: '/srv' }), 6)
    assert.deepEqual([view.code, view.next, view.facts['tries']], [code, 'stop', 6])
    assert.match(view.says, /It was tried 6 times\.$/)
    assert.doesNotMatch(view.says, /by itself|goes on|anew/)
    assert.equal(fromView(view).exit, catalogue[code].exit)
  }
})

test('a fault can be stored whatever numbers its facts have', () => {
  const fault = new Fault('source.short', { seconds: Number.NaN, expected: Number.POSITIVE_INFINITY })
  assert.deepEqual(fault.view().facts, { seconds: 'NaN', expected: 'Infinity' })
})

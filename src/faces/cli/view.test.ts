import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Event } from '@jackdaw/contract/events.ts'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Progress } from '@jackdaw/contract/nouns/job.ts'
import { type JobView, applyEvent, progressOf } from './view.ts'

const at = '2026-01-01T00:00:00.000Z'
const queued: JobView = { id: 'j1', title: 'x', state: 'queued', steps: new Map() }
const part = (step: string, progress: Progress): Event => ({
  type: 'step.progress',
  at,
  data: { step, kind: 'fetch', engine: 'http', label: 'fetching', progress },
})
const done = (step: string): Event => ({
  type: 'step.done',
  seq: 1,
  at,
  data: { step, kind: 'fetch', engine: 'http', label: 'fetching' },
})
const play = (...events: Event[]) => events.reduce(applyEvent, queued)

describe('the view of a job', () => {
  test('adds up the bytes of its parts; a finished part stays in the sum', () => {
    const view = play(
      part('a', { unit: 'bytes', done: 100, of: 100, speed: 50 }),
      done('a'),
      part('b', { unit: 'bytes', done: 20, of: 100, speed: 10 }),
    )
    assert.deepEqual(progressOf(view), { unit: 'bytes', done: 120, of: 200, speed: 10, etaSeconds: 8 })
  })

  test('is at the whole of a part that is finished, and no longer names its step', () => {
    const view = play(part('a', { unit: 'bytes', done: 84, of: 100, speed: 50, etaSeconds: 1 }), done('a'))
    assert.deepEqual(progressOf(view), { unit: 'bytes', done: 100, of: 100 })
    assert.equal(view.doing, 'waiting')
  })

  test('does not promise an end while the size of a part is unknown', () => {
    const view = play(part('a', { unit: 'bytes', done: 1, of: 2 }), part('b', { unit: 'bytes', done: 5 }))
    assert.deepEqual(progressOf(view), { unit: 'bytes', done: 6, speed: 0 })
  })

  test('adds up streams that count seconds, and does not take turns with a part that counts bytes', () => {
    const view = play(
      part('a', { unit: 'seconds', done: 10, of: 60, speed: 2 }),
      part('b', { unit: 'seconds', done: 30, of: 60, speed: 3 }),
      part('c', { unit: 'bytes', done: 5, of: 9 }),
    )
    assert.deepEqual(progressOf(view), { unit: 'seconds', done: 40, of: 120, speed: 5, etaSeconds: 16 })
  })

  test('shows a processing step by itself, with its label', () => {
    const convert: Event = {
      type: 'step.progress',
      at,
      data: {
        step: 'p',
        kind: 'process',
        engine: 'convert',
        label: 'convert',
        progress: { unit: 'seconds', done: 3, of: 9 },
      },
    }
    const view = play(part('a', { unit: 'bytes', done: 2, of: 2 }), done('a'), convert)
    assert.deepEqual(progressOf(view), { unit: 'seconds', done: 3, of: 9 })
    assert.equal(view.doing, 'convert')
  })

  test('says that it waits for a choice until one is made', () => {
    const asks = play({ type: 'job.asked', seq: 1, at, data: { title: 'A film', choices: 2, until: at } })
    assert.deepEqual([asks.title, asks.note], ['A film', 'waits for your choice'])
    const chosen = applyEvent(asks, { type: 'job.planned', seq: 2, at, data: { title: 'A film', steps: 3 } })
    assert.equal(chosen.note, undefined)
  })

  test('says why it waits until something moves', () => {
    const fault = new Fault('source.throttled').view()
    const step = { step: 'a', kind: 'fetch', engine: 'http', label: 'fetching' } as const
    const waits = play({ type: 'step.retrying', seq: 1, at, data: { ...step, fault, readyAt: at } })
    assert.equal(waits.note, fault.says)
    assert.equal(applyEvent(waits, part('a', { unit: 'bytes', done: 1 })).note, undefined)
  })

  test('forgets failure and progress when it is retried', () => {
    const fault = new Fault('source.gone').view()
    const failed = play(part('a', { unit: 'bytes', done: 1 }), { type: 'job.failed', seq: 2, at, data: { fault } })
    assert.deepEqual([failed.state, failed.fault], ['failed', fault])
    const again = applyEvent(failed, { type: 'job.retried', seq: 3, at, data: {} })
    assert.deepEqual(again, { id: 'j1', title: 'x', state: 'queued', steps: new Map() })
  })
})

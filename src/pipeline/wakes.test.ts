import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '#kernel/bus.ts'
import { gather, payloads } from './wakes.ts'

const progress = (job: string, step: string, done: number): Message => ({
  kind: 'volatile',
  job,
  account: 'a',
  event: { type: 'step.progress', data: { step, progress: { unit: 'bytes', done } } },
})
const read = (payload: string) => (JSON.parse(payload) as { from: string; messages: Message[] }).messages

test('of messages that say the same one is sent', () => {
  assert.deepEqual(
    gather([
      { kind: 'ready' },
      { kind: 'events', jobs: ['a', 'b'] },
      { kind: 'ready' },
      { kind: 'settings' },
      { kind: 'events', jobs: ['b', 'c'] },
      { kind: 'asked', jobs: ['a'] },
      { kind: 'ended', jobs: ['c'] },
    ]),
    [
      { kind: 'ready' },
      { kind: 'settings' },
      { kind: 'events', jobs: ['a', 'b', 'c'] },
      { kind: 'asked', jobs: ['a'] },
      { kind: 'ended', jobs: ['c'] },
    ],
  )
})

test('of progress the newest of each step is sent', () => {
  const messages = gather([progress('j', 's', 1), progress('j', 't', 5), progress('j', 's', 2)])
  assert.deepEqual(messages, [progress('j', 's', 2), progress('j', 't', 5)])
})

test('no payload is longer than NOTIFY takes, and nothing is lost by cutting', () => {
  const jobs = Array.from({ length: 5_000 }, (_, n) => `${n}`.padStart(18, '0'))
  const steps = Array.from({ length: 200 }, (_, n) => progress('ü'.repeat(20), `step${n}`, n))
  const sent = payloads('house', [{ kind: 'events', jobs }, ...steps])
  for (const payload of sent) assert.ok(Buffer.byteLength(payload) <= 7999, `${Buffer.byteLength(payload)}`)
  const got = sent.flatMap(read)
  assert.deepEqual(
    got.flatMap((message) => (message.kind === 'events' ? message.jobs : [])),
    jobs,
  )
  assert.deepEqual(
    got.filter(({ kind }) => kind === 'volatile'),
    steps,
  )
})

test('a message that fits nowhere is left out and takes no other with it', () => {
  const sent = payloads('house', [{ kind: 'ready' }, progress('j', 'x'.repeat(9_000), 1), { kind: 'settings' }])
  assert.deepEqual(sent.flatMap(read), [{ kind: 'ready' }, { kind: 'settings' }])
})

test('nothing to say makes no payload', () => {
  assert.deepEqual(payloads('house', gather([])), [])
})

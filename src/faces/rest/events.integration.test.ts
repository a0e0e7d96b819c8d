import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { withEventMeta } from '@orpc/server'
import { Fault } from '@jackdaw/contract/faults.ts'
import { os } from '#app/door.ts'
import { token } from '#test/fakes/door.ts'
import { fakeRest } from '#test/fakes/rest.ts'

const event = (seq: number) =>
  withEventMeta({ type: 'job.started', seq, at: '2026-01-01T00:00:00Z', job: 'j', data: {} } as const, {
    id: String(seq),
  })

/** Events after `since`, then silence until the reader or the house goes. */
const watch = os.jobs.events.handler(async function* ({ input, lastEventId, signal }) {
  for (let seq = Number(lastEventId ?? input.since ?? 0) + 1; seq <= 3; seq++) yield event(seq)
  if (signal !== undefined && !signal.aborted) await once(signal, 'abort')
})

async function readUntil(response: Response, stop: RegExp): Promise<string> {
  assert.ok(response.body)
  let text = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (stop.test(text)) break
  }
  return text
}

const ids = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => match[1])

test('a watch is a stream of events that carry their sequence as id', async (t) => {
  const fake = await fakeRest(t, { parts: { jobs: { events: watch } } })
  const response = await fake.call('/api/v1/jobs/j/events')
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  const text = await readUntil(response, /id: 3[^]*\n\n/)
  assert.deepEqual(ids(text), ['1', '2', '3'])
  assert.match(text, /^event: message\nid: 1\ndata: \{"type":"job\.started","seq":1,/m)
})

test('a reader that comes back goes on behind its last event, or from since', async (t) => {
  const { call } = await fakeRest(t, { parts: { jobs: { events: watch } } })
  const again = await call('/api/v1/jobs/j/events', { headers: { 'last-event-id': '2' } })
  assert.deepEqual(ids(await readUntil(again, /id: 3[^]*\n\n/)), ['3'])
  const since = await call('/api/v1/jobs/j/events?since=1')
  assert.deepEqual(ids(await readUntil(since, /id: 3[^]*\n\n/)), ['2', '3'])
})

test('a quiet stream is kept open by comments', async (t) => {
  const { call } = await fakeRest(t, { parts: { jobs: { events: watch } }, options: { keepAliveMs: 5 } })
  const text = await readUntil(await call('/api/v1/jobs/j/events'), /: still here\n\n: still here\n\n/)
  assert.match(text, /id: 3/)
})

test('a watch whose reader goes is ended', async (t) => {
  const ended = Promise.withResolvers<void>()
  const fake = await fakeRest(t, {
    parts: {
      jobs: {
        events: os.jobs.events.handler(async function* ({ signal }) {
          try {
            yield event(1)
            if (signal !== undefined && !signal.aborted) await once(signal, 'abort')
          } finally {
            ended.resolve()
          }
        }),
      },
    },
  })
  const gone = new AbortController()
  const response = await fake.call('/api/v1/jobs/j/events', { signal: gone.signal })
  await readUntil(response, /id: 1/).catch(() => undefined)
  gone.abort()
  await ended.promise
})

test('a watch that fails ends with the fault as an event', async (t) => {
  const { call } = await fakeRest(t, {
    parts: {
      jobs: {
        events: os.jobs.events.handler(async function* () {
          yield event(1)
          throw new Fault('house.stopping')
        }),
      },
    },
  })
  const text = await (await call('/api/v1/jobs/j/events')).text()
  assert.match(text, /event: error\ndata: \{[^\n]*"code":"house\.stopping"/)
})

test('a job that does not exist is a problem, not a stream', async (t) => {
  const { call } = await fakeRest(t, {
    parts: {
      jobs: {
        events: os.jobs.events.handler(async () => {
          throw new Fault('input.unknown', { noun: 'job', id: 'j' })
        }),
      },
    },
  })
  assert.equal((await call('/api/v1/jobs/j/events')).status, 404)
})

test('a closing house ends its streams and says when to come back', async (t) => {
  const fake = await fakeRest(t, { parts: { jobs: { events: watch } }, options: { drainMs: 60_000 } })
  const response = await fake.call('/api/v1/jobs/j/events')
  const text = readUntil(response, /retry: /)
  while (fake.watching === 0) await new Promise(setImmediate)
  await fake.rest[Symbol.asyncDispose]()
  assert.match(await text, /retry: 2000\n\n$/)
  assert.equal(fake.watching, 0)
})

test('a reader that takes nothing costs no memory and is let go', async (t) => {
  let made = 0
  const ended = Promise.withResolvers<void>()
  const { rest } = await fakeRest(t, {
    options: { stalledMs: 100 },
    parts: {
      jobs: {
        events: os.jobs.events.handler(async function* () {
          try {
            for (;;) {
              made++
              yield withEventMeta(
                {
                  type: 'job.queued',
                  seq: made,
                  at: '',
                  job: 'j',
                  data: { link: 'x'.repeat(10_000), title: '' },
                } as const,
                { id: String(made) },
              )
            }
          } finally {
            ended.resolve()
          }
        }),
      },
    },
  })
  const { hostname, port } = new URL(rest.url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.pause()
  socket.write(`GET /api/v1/jobs/j/events HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  await ended.promise
  socket.destroy()
  // Loopback's kernel buffers hold some MB; an unbounded producer would have made far more by then.
  assert.ok(made < 5000, `${made} events were made for a reader that read none`)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withEventMeta } from '@orpc/server'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import type { Job } from '@jackdaw/contract/nouns/job.ts'
import { os } from '#app/door.ts'
import { remoteClient } from '#main/connect.ts'
import { token } from '#test/fakes/door.ts'
import { fakeRest } from '#test/fakes/rest.ts'

const job: Job = {
  id: 'job1',
  account: 'owner',
  link: 'http://example.test/',
  title: '',
  state: 'queued',
  priority: 0,
  destinations: ['library'],
  createdAt: '2026-01-01T00:00:00Z',
  startedAt: null,
  endedAt: null,
}

test('a remote client sees the faults that were thrown here', async (t) => {
  const original = new Fault('source.gone', { reason: 'HTTP 404' })
  const { rest } = await fakeRest(t, {
    parts: {
      jobs: {
        get: os.jobs.get.handler(async () => {
          throw original
        }),
        start: os.jobs.start.handler(async () => job),
        events: os.jobs.events.handler(async function* () {
          yield withEventMeta({ type: 'job.started', seq: 5, at: job.createdAt, job: job.id, data: {} } as const, {
            id: '5',
          })
          throw new Fault('house.stopping')
        }),
      },
    },
  })
  const client = remoteClient(async () => ({ url: rest.url, token }))
  await assert.rejects(client.jobs.get({ id: 'x' }), (thrown) => {
    assert.ok(isFault(thrown))
    assert.deepEqual(thrown.view(), original.view())
    return true
  })
  assert.equal((await client.jobs.start({ link: 'x' })).id, 'job1')
  const seen: unknown[] = []
  await assert.rejects(
    async () => {
      for await (const event of await client.jobs.events({ id: 'x' })) seen.push(event.seq)
    },
    (thrown) => isFault(thrown, 'house.stopping'),
  )
  assert.deepEqual(seen, [5])
  await assert.rejects(remoteClient(async () => ({ url: rest.url, token: 'wrong' })).jobs.get({ id: 'x' }), (thrown) =>
    isFault(thrown, 'access.unauthenticated'),
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databaseHealth, diskHealth, isReady, overall, queueHealth, toolsHealth, workersHealth } from './rules.ts'

const GiB = 1024 ** 3
const queue = { ready: 0, running: 0, oldestSeconds: 0, paused: false }
const found = <T>(ok: T, latencyMs = 1) => ({ ok, latencyMs })

test('a database is down when it does not answer and degraded when it is slow', () => {
  assert.equal(databaseHealth(found(undefined)).state, 'ok')
  assert.equal(databaseHealth(found(undefined, 900)).state, 'degraded')
  assert.deepEqual(databaseHealth({ failed: 'ECONNREFUSED' }), {
    name: 'database',
    state: 'down',
    says: 'does not answer: ECONNREFUSED',
  })
})

test('a disk with less room than fetching wants is degraded and says so', () => {
  assert.equal(diskHealth(found({ freeBytes: 5 * GiB, totalBytes: 9 * GiB }), GiB).state, 'ok')
  const full = diskHealth(found({ freeBytes: GiB / 2, totalBytes: 9 * GiB }), GiB)
  assert.equal(full.state, 'degraded')
  assert.equal(full.says, '0.5 GiB of 9.0 GiB free; fetching waits for 1.0 GiB')
})

test('a queue is degraded when steps wait and nothing runs, unless it is paused', () => {
  assert.equal(queueHealth(found(queue)).state, 'ok')
  assert.equal(queueHealth(found({ ...queue, ready: 3, oldestSeconds: 61 })).state, 'degraded')
  assert.equal(queueHealth(found({ ...queue, ready: 3, running: 1, oldestSeconds: 61 })).state, 'ok')
  assert.equal(queueHealth(found({ ...queue, ready: 3, oldestSeconds: 61, paused: true })).state, 'ok')
})

test('a house without workers or programs works, worse', () => {
  assert.equal(workersHealth(found(0), found({ ready: 1 })).state, 'degraded')
  assert.equal(workersHealth(found(0), found({ ready: 0 })).state, 'off')
  assert.equal(workersHealth(found(2), found({ ready: 1 })).state, 'ok')
  assert.equal(toolsHealth([]).state, 'ok')
  assert.match(toolsHealth(['ffmpeg']).says, /not installed: ffmpeg/)
})

test('only a database that is down makes the house not ready', () => {
  const services = [
    databaseHealth(found(0)),
    workersHealth({ failed: 'x' }, { failed: 'x' }),
    diskHealth({ failed: 'x' }, 0),
  ]
  assert.equal(isReady(services), true)
  assert.equal(overall(services), 'degraded')
  assert.equal(overall([databaseHealth({ failed: 'x' })]), 'down')
  assert.equal(overall([databaseHealth(found(0)), { name: 'redis', state: 'off', says: 'not configured' }]), 'ok')
})

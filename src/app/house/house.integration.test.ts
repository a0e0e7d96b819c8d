import assert from 'node:assert/strict'
import { test } from 'node:test'
import { door } from '#app/door.ts'
import { admit, assemble } from '#app/router.ts'
import { fakeDoor, token } from '#test/fakes/door.ts'
import { fakeParts } from '#test/fakes/operations.ts'
import { testTables } from '#test/tables.ts'
import { examine } from './health.ts'
import type { HealthPorts } from './health.ts'
import { createMetrics } from './metrics.ts'
import { houseOperations } from './operations.ts'

const ports: Omit<HealthPorts, 'db'> = {
  disk: async () => ({ freeBytes: 2e9, totalBytes: 9e9 }),
  wantedFreeBytes: async () => 1e9,
  isPaused: async () => false,
  engines: async () => [
    {
      kind: 'source',
      name: 's',
      title: '',
      available: false,
      says: '',
      tools: [{ name: 'yt-dlp' }, { name: 'sh', path: '/bin/sh' }],
    },
  ],
}

const job = {
  account_id: 'owner',
  link: '{}',
  title: '',
  recipe: 'plain',
  destinations: [],
  origin_key: 'o',
  options: '{}',
  wish_key: 'w',
  position: 0,
}
const step = {
  job_id: 'j1',
  account_id: 'owner',
  kind: 'fetch',
  engine: 'http',
  label: '',
  index: 0,
  position: 0,
  input: '{}',
} as const

test('health says how each dependency is', async (t) => {
  const db = await testTables(t)
  await db
    .insertInto('workers')
    .values({ id: 'w', machine: 'm', pid: 1, boot_id: 'b', start_time: '0', roles: ['web', 'worker'] })
    .execute()
  const services = await examine({ ...ports, db })
  assert.deepEqual(
    services.map(({ name, state, says }) => [name, state, says]),
    [
      ['database', 'ok', 'answers'],
      ['store', 'ok', '1.9 GiB of 8.4 GiB free'],
      ['queue', 'ok', '0 ready, 0 running'],
      ['workers', 'ok', '1 running'],
      ['tools', 'degraded', 'not installed: yt-dlp; see jackdaw engines'],
    ],
  )
})

test('a dependency that fails is an answer, not an error, and tells no address', async (t) => {
  const db = await testTables(t)
  const services = await examine({
    ...ports,
    db,
    disk: async () => await Promise.reject(new Error('cannot reach postgres://jackdaw:sesame@db:5432/x')),
  })
  const store = services.find((service) => service.name === 'store')
  assert.equal(store?.state, 'down')
  assert.doesNotMatch(JSON.stringify(services), /sesame|5432/)
})

test('metrics count jobs and steps by state, operations by outcome, and name no account', async (t) => {
  const db = await testTables(t)
  await db
    .insertInto('jobs')
    .values([
      { ...job, id: 'j1', state: 'running' },
      { ...job, id: 'j2', state: 'done' },
    ])
    .execute()
  await db
    .insertInto('steps')
    .values([
      { ...step, id: 's1', state: 'ready' },
      { ...step, id: 's2', state: 'running' },
      { ...step, id: 's3', state: 'done' },
    ])
    .execute()
  const metrics = createMetrics({ db, pool: () => ({ total: 3, idle: 1, waiting: 0 }), version: '1.2.3' })
  metrics.operation({ operation: 'jobs.list', outcome: 'done', ms: 12 })
  metrics.request({ method: 'GET', route: '/api/v1/jobs/{id}', status: 200, seconds: 0.5 })
  metrics.request({ method: 'GET', route: '/api/v1/jobs/{id}', status: 500, seconds: 1.5 })
  metrics.delivered(10, 'folder')
  const text = await metrics.text()
  for (const line of [
    'jackdaw_jobs{state="running"} 1',
    'jackdaw_steps{kind="fetch",state="running"} 1',
    'jackdaw_queue_depth{kind="fetch"} 1',
    'jackdaw_operations_total{operation="jobs.list",outcome="done"} 1',
    'jackdaw_database_connections{state="used"} 2',
    'jackdaw_delivered_bytes_total{destination="folder"} 10',
    'jackdaw_info{version="1.2.3"} 1',
  ])
    assert.ok(text.includes(`\n${line}\n`), line)
  assert.doesNotMatch(text, /nodejs_active_\w+_total|owner/)
  assert.match(text, /process_resident_memory_bytes/)
  const summary = await metrics.summary()
  assert.equal(summary['requests'], 2)
  assert.equal(summary['success rate'], 0.5)
  assert.equal(summary['mean duration seconds'], 1)
  assert.equal(summary['jobs done'], 1)
})

test('status, engines and metrics are answered behind the door', async (t) => {
  const db = await testTables(t)
  const metrics = createMetrics({
    db,
    pool: () => ({ total: 2, idle: 1, waiting: 0 }),
    version: '1.2.3',
    process: false,
  })
  const house = houseOperations({
    ...ports,
    db,
    version: '1.2.3',
    environment: 'staging',
    startedAt: new Date(0),
    capabilities: () => [{ name: 'library', available: true, says: 'there' }],
    metrics,
  })
  const router = assemble(fakeParts({ house }), { door: door(fakeDoor()), capabilities: new Set() })
  const client = admit(router, { credential: token, requestId: 'r' })
  const status = await client.house.status()
  assert.deepEqual(
    [status.version, status.environment, status.startedAt],
    ['1.2.3', 'staging', '1970-01-01T00:00:00.000Z'],
  )
  assert.deepEqual(status.capabilities, [{ name: 'library', available: true, says: 'there' }])
  assert.equal(status.services.find(({ name }) => name === 'database')?.state, 'ok')
  assert.deepEqual(
    (await client.house.engines()).map(({ name }) => name),
    ['s'],
  )
  assert.ok(Object.keys(await client.house.metrics()).length > 3)
})

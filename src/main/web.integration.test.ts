import assert from 'node:assert/strict'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createMetrics } from '#app/house/metrics.ts'
import { door } from '#app/door.ts'
import { assemble } from '#app/router.ts'
import { findServer } from '#faces/rest/place.ts'
import { createLog } from '#kernel/log.ts'
import { fakeDoor, token } from '#test/fakes/door.ts'
import { fakeParts } from '#test/fakes/operations.ts'
import { testTables } from '#test/tables.ts'
import { loadConfig } from './config.ts'
import { connect } from './connect.ts'
import { openWeb } from './web.ts'

test('an open web role is found by the command line, and a closed one is not', async (t) => {
  const db = await testTables(t)
  const data = await mkdtemp(join(tmpdir(), 'jackdaw-web-'))
  t.after(() => rm(data, { recursive: true, force: true }))
  const { config } = loadConfig({ flags: { data, port: 0 }, env: {}, project: data })
  const none = async () => await Promise.reject(new Error('not asked'))
  const web = await openWeb({
    config,
    log: createLog({ level: 'silent', form: 'json' }),
    router: assemble(fakeParts(), { door: door(fakeDoor()), capabilities: new Set() }),
    metrics: createMetrics({ db, pool: () => ({ total: 0, idle: 0, waiting: 0 }), version: '0', process: false }),
    files: { byLink: none, thumbnail: none },
    health: async () => [],
    token,
  })
  assert.equal((await stat(join(data, 'server.json'))).mode & 0o777, 0o600)
  assert.equal((await findServer(data))?.url, web.url)
  assert.equal((await connect(data))?.url, web.url)
  await web[Symbol.asyncDispose]()
  assert.equal(await findServer(data), undefined)
  assert.equal(await connect(data), undefined)
})

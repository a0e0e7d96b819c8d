import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { Fault } from '@jackdaw/contract/faults.ts'
import { Limits } from '@jackdaw/contract/operations/queue.ts'
import { describeConfig, firstLimits, loadConfig, showConfig, type Sources } from './config.ts'

function place(t: TestContext, files: Record<string, string> = {}): string {
  const project = mkdtempSync(join(tmpdir(), 'jackdaw-config-'))
  t.after(() => rmSync(project, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text)
  return project
}

function faultOf(sources: Sources): Fault {
  try {
    loadConfig(sources)
  } catch (error) {
    assert.ok(error instanceof Fault)
    return error
  }
  throw new Error('expected the configuration to be refused')
}

describe('the configuration', () => {
  test('has a default for everything and says so', (t) => {
    const project = place(t)
    const { config, origins, notices } = loadConfig({ env: {}, project })
    assert.equal(config.data, join(project, 'data'))
    assert.equal(config.port, 8787)
    assert.equal(config.host, '127.0.0.1')
    assert.equal(config.databasePool, 10)
    assert.equal(config.databaseOverflow, 20)
    assert.equal(config.logFormat, 'pretty')
    assert.equal(config.databaseUrl, undefined)
    assert.equal(origins.port.from, 'default')
    assert.deepEqual(notices, [])
    assert.deepEqual(firstLimits(config), Limits.parse({ ...firstLimits(config) }))
    assert.equal(firstLimits(config).freeBytes, 256 * 1024 ** 2)
  })

  test('an option of a command that is called like a key is not that key', (t) => {
    const project = place(t, {})
    const flags: object = { key: ['00112233445566778899aabbccddeeff'] }
    assert.equal(
      loadConfig({ env: {}, flags, project }).origins.key.from,
      loadConfig({ env: {}, project }).origins.key.from,
    )
  })

  test('takes an option before the environment, that before .env, that before the JSON file', (t) => {
    const project = place(t, {
      '.env': 'JACKDAW_PORT=3\nJACKDAW_DATABASE_POOL=3\nJACKDAW_STALL_SECONDS=3\n',
      'jackdaw.json': '{"port": 4, "databasePool": 4, "stallSeconds": 4, "eventsDays": 4}',
    })
    const env = { JACKDAW_PORT: '2', JACKDAW_DATABASE_POOL: '2', JACKDAW_CONFIG: 'jackdaw.json' }
    const { config, origins } = loadConfig({ flags: { port: '1' }, env, project })
    assert.deepEqual([config.port, config.databasePool, config.stallSeconds, config.eventsDays], [1, 2, 3, 4])
    assert.deepEqual(origins.port, { from: 'flag', name: '--port' })
    assert.deepEqual(origins.databasePool, { from: 'environment', name: 'JACKDAW_DATABASE_POOL' })
    assert.equal(origins.stallSeconds.name, `JACKDAW_STALL_SECONDS in ${join(project, '.env')}`)
    assert.equal(origins.eventsDays.name, `eventsDays in ${join(project, 'jackdaw.json')}`)
  })

  test('takes a folder from the project when configured and from the caller when typed', (t) => {
    const project = place(t)
    assert.equal(loadConfig({ env: { JACKDAW_DATA: 'x' }, project, cwd: '/srv' }).config.data, join(project, 'x'))
    assert.equal(loadConfig({ env: {}, flags: { data: 'x' }, project, cwd: '/srv' }).config.data, '/srv/x')
  })

  test('takes an empty variable for one that is not set', (t) => {
    const { config, origins } = loadConfig({ env: { JACKDAW_PORT: '', JACKDAW_NONSENSE: '' }, project: place(t) })
    assert.equal(config.port, 8787)
    assert.equal(origins.port.from, 'default')
  })

  test('lists every fault at once, with a suggestion for a name that is nearly right', (t) => {
    const env = { JACKDAW_PROT: '80', JACKDAW_PORT: 'eighty', JACKDAW_NET_ALLOW: '10.0.0.0/8 everything' }
    const fault = faultOf({ env, project: place(t) })
    assert.equal(fault.code, 'input.config')
    assert.equal(fault.facts['count'], 3)
    assert.match(fault.message, /JACKDAW_PROT: unknown key; did you mean JACKDAW_PORT\?/)
    assert.match(fault.message, /JACKDAW_PORT: .*\(it is "eighty"\)/)
    assert.match(fault.message, /JACKDAW_NET_ALLOW: "everything" is not an address or CIDR/)
  })

  test('refuses an unknown key of the JSON file with a suggestion', (t) => {
    const project = place(t, { 'c.json': '{"databsePool": 3}' })
    assert.match(faultOf({ env: {}, project, file: 'c.json' }).message, /did you mean databasePool\?/)
  })

  test('reads a secret from the file that …_FILE names, and says when it is not there', (t) => {
    const project = place(t, { token: 'a-token-of-twenty-four\n' })
    const file = join(project, 'token')
    assert.equal(
      loadConfig({ env: { JACKDAW_API_TOKEN_FILE: file }, project }).config.apiToken,
      'a-token-of-twenty-four',
    )
    assert.equal(loadConfig({ env: { ADMIN_API_TOKEN_FILE: file }, project }).config.apiToken, 'a-token-of-twenty-four')
    assert.equal(loadConfig({ env: { JACKDAW_API_TOKEN_FILE: 'token' }, project }).config.apiToken?.length, 22)
    assert.match(faultOf({ env: { JACKDAW_API_TOKEN_FILE: `${file}x` }, project }).message, /cannot be read \(ENOENT\)/)
  })

  test('never shows a secret, neither in its listing nor in a fault', (t) => {
    const project = place(t)
    const url = 'postgres://me:hunter2hunter2@db/jackdaw'
    const loaded = loadConfig({ env: { DATABASE_URL: url, ADMIN_API_TOKEN: 'hunter2hunter2hunter2' }, project })
    assert.equal(loaded.config.databaseUrl, url)
    assert.ok(!JSON.stringify(showConfig(loaded)).includes('hunter2'))
    assert.equal(showConfig(loaded).find((row) => row.env === 'JACKDAW_DATABASE_URL')?.value, '********')
    const fault = faultOf({ env: { JACKDAW_KEY: 'hunter2', JACKDAW_API_TOKEN: 'hunter2' }, project })
    assert.equal(fault.facts['count'], 2)
    assert.ok(!fault.message.includes('hunter2'))
  })

  test('takes the names of older programs, and ours before theirs', (t) => {
    const project = place(t)
    const env = { PORT: '9000', LOG_LEVEL: 'WARNING', ENVIRONMENT: 'prod', ADMIN_API_TOKEN: 'x'.repeat(40) }
    const { config, origins, notices } = loadConfig({ env, project })
    assert.deepEqual([config.port, config.logLevel, config.environment], [9000, 'warn', 'production'])
    assert.equal(config.apiToken, 'x'.repeat(40))
    assert.equal(origins.port.name, 'PORT')
    assert.deepEqual(notices, [])
    const both = loadConfig({ env: { PORT: '9000', JACKDAW_PORT: '9001' }, project })
    assert.equal(both.config.port, 9001)
    assert.deepEqual(both.notices, ['PORT: JACKDAW_PORT is used instead'])
  })

  test('names the successor of every variable that old installations carry', (t) => {
    const project = place(t)
    const carried =
      'BOT_TOKEN TELEGRAM_BOT_TOKEN OWNER_ID TELEGRAM_API TELEGRAM_HASH AUTHORIZED_CHATS SUDO_USERS DATABASE_URL REDIS_URL REDIS_HOST ENABLE_CACHE CACHE_TTL RATE_LIMIT_PER_MINUTE RATE_LIMIT_PER_HOUR ENABLE_METRICS ENVIRONMENT SENTRY_DSN ADMIN_API_TOKEN ENABLE_REDIS_CACHE ENABLE_CELERY API_TOKEN TOKEN_CP ADDA_TOKEN CORS_ORIGINS BUNNY_API_KEY BUNNY_LIBRARY_ID BUNNY_PULL_ZONE PORT LOG_LEVEL'
    const fits: Record<string, string> = { ENVIRONMENT: 'production', PORT: '80', LOG_LEVEL: 'info' }
    for (const name of carried.split(' ')) {
      const { origins, notices } = loadConfig({ env: { [name]: fits[name] ?? 'x'.repeat(40) }, project })
      const used = Object.values(origins).some((origin) => origin.name === name)
      const named = notices.some((says) => says.startsWith(`${name}: `) && says.includes('successor'))
      assert.ok(used !== named, `${name} is neither used nor named`)
    }
  })

  test('does not fail on a variable of ours that a later version reads', (t) => {
    const { notices } = loadConfig({ env: { JACKDAW_TELEGRAM_TOKEN: 'x' }, project: place(t) })
    assert.match(String(notices[0]), /^JACKDAW_TELEGRAM_TOKEN: is not used yet/)
  })

  test('is stricter in production than in development', (t) => {
    const project = place(t)
    const env = { JACKDAW_PUBLIC_URL: 'http://media.example.org/' }
    const fault = faultOf({ env: { ...env, JACKDAW_ENVIRONMENT: 'production' }, project })
    assert.equal(fault.facts['count'], 1)
    assert.match(fault.message, /JACKDAW_PUBLIC_URL: .*https/)
    const { notices, config } = loadConfig({ env, project })
    assert.equal(notices.length, 1)
    assert.equal(config.publicUrl, 'http://media.example.org')
    assert.equal(loadConfig({ env: { JACKDAW_ENVIRONMENT: 'production' }, project }).config.logFormat, 'json')
  })

  test('listens on loopback only', (t) => {
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'media.example.org'])
      assert.match(faultOf({ env: { JACKDAW_HOST: host }, project: place(t) }).message, /there are no accounts yet/)
    for (const host of ['127.0.0.1', '::1', 'localhost', '127.3.2.1'])
      assert.equal(loadConfig({ env: { JACKDAW_HOST: host }, project: place(t) }).config.host, host)
  })

  test('describes every key for people', () => {
    for (const row of describeConfig()) {
      assert.match(row.env, /^JACKDAW_[A-Z0-9_]+$/)
      assert.ok(row.description.length > 10, row.env)
    }
    assert.equal(describeConfig().find((row) => row.key === 'data')?.default, './data')
  })
})

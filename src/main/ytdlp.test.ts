import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { EngineView } from '@jackdaw/contract/operations/house.ts'
import { loadConfig } from './config.ts'
import { configuredYtdlp, judgeYtdlp, updateTool } from './ytdlp.ts'

const now = Date.parse('2026-11-20')
const engines = (version: string | undefined, path: string): EngineView[] => [
  {
    kind: 'source',
    name: 'ytdlp',
    title: '',
    available: true,
    says: '',
    tools: [{ name: 'yt-dlp', path, ...(version !== undefined && { version }) }],
  },
]

test('a yt-dlp of the last 90 days is in order, an older one is not, and it is said which one it is', () => {
  const judge = (version: string, path: string, ytdlp?: string) =>
    judgeYtdlp(engines(version, path), { data: '/data', ytdlp }, now)
  assert.deepEqual(judge('2026.10.26', '/data/tools/yt-dlp'), {
    name: 'yt-dlp',
    state: 'ok',
    says: '2026.10.26 at /data/tools/yt-dlp, fetched by "jackdaw update yt-dlp"',
  })
  assert.equal(judge('2026.08.22', '/usr/bin/yt-dlp')?.state, 'ok')
  const old = judge('2023.03.04', '/usr/bin/yt-dlp')
  assert.equal(old?.state, 'degraded')
  assert.match(old.says, /the one of the system; 1357 days old.*jackdaw update yt-dlp/)
  assert.match(judge('2023.03.04', '/opt/y', '/opt/y')?.says ?? '', /JACKDAW_YTDLP.*put a newer one there/)
  assert.equal(judge('master', '/opt/y', '/opt/y')?.state, 'degraded')
})

test('where there is none, nothing is said of it', () => {
  assert.equal(judgeYtdlp(engines(undefined, ''), { data: '/data', ytdlp: undefined }, now), undefined)
})

test('the one that is named comes first, then the one that was fetched, then that of the system', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'jackdaw-test-'))
  t.after(() => rm(data, { recursive: true }))
  assert.equal(configuredYtdlp({ data, ytdlp: undefined }), undefined)
  await mkdir(join(data, 'tools'))
  await writeFile(join(data, 'tools/yt-dlp'), '')
  assert.equal(configuredYtdlp({ data, ytdlp: undefined }), join(data, 'tools/yt-dlp'))
  assert.equal(configuredYtdlp({ data, ytdlp: '/opt/yt-dlp' }), '/opt/yt-dlp')
})

test('an update that cannot reach its address says which, and does not promise to try again', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'jackdaw-update-'))
  t.after(() => rm(data, { recursive: true }))
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  server.close() // nothing listens there from here on
  await once(server, 'close')
  const env = { JACKDAW_YTDLP_RELEASES: `http://127.0.0.1:${port}/latest`, JACKDAW_NET_ALLOW: '127.0.0.1' }
  const { config } = loadConfig({ flags: { data }, env, project: data })
  const screen = { write: () => true }
  await assert.rejects(
    updateTool(config, screen, { json: false, signal: t.signal }),
    (error) => isFault(error, 'house.not-updated') && /:\d+\/latest cannot be reached/.test(error.message),
  )
})

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, test, type TestContext } from 'node:test'
import { FakeHouse, type Play } from '#test/fakes/contract-house.ts'
import { fakeToken, serveHouse } from '#test/fakes/contract-server.ts'

const cli = join(import.meta.dirname, '../../src/main/cli.ts')
const film = 'https://a.example/film.mp4'

/** Runs the command line as a process of its own. */
function jackdaw(t: TestContext, data: string, argv: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [cli, ...argv], {
    cwd: data,
    env: { PATH: process.env['PATH'] ?? '', HOME: data, JACKDAW_DATA: data, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  const exit = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
  return { child, exit, err: text(child.stderr), out: () => text(child.stdout) }
}

async function withServer(t: TestContext, play?: Play) {
  const data = folder(t)
  const house = new FakeHouse(play)
  const server = await serveHouse(house)
  t.after(() => server[Symbol.asyncDispose]())
  const file = { url: server.url, token: fakeToken, pid: process.pid, startedAt: new Date().toISOString() }
  writeFileSync(join(data, 'server.json'), JSON.stringify(file), { mode: 0o600 })
  return { data, house }
}

function folder(t: TestContext): string {
  const data = mkdtempSync(join(tmpdir(), 'jackdaw-e2e-'))
  t.after(() => rmSync(data, { recursive: true }))
  return data
}

describe('the command line as a process', () => {
  test('asks a running server and prints where the file is', async (t) => {
    const { data, house } = await withServer(t)
    const run = jackdaw(t, data, ['get', film])
    assert.match(await run.out(), new RegExp(`✓ film.mp4  3\\.0 MiB .* → ${data}/film.mp4\n1 done`))
    assert.equal(await run.exit, 0)
    assert.deepEqual(house.wishes[0]?.destinations, [`folder:${data}`])
  })

  test('ends with the exit code of the fault and one sentence', async (t) => {
    const { data } = await withServer(t, (id, house) => house.fail(id, 'source.denied', { reason: '403' }))
    const run = jackdaw(t, data, ['get', film, '--quiet'])
    assert.equal(await run.out(), '')
    assert.match(await run.err, /^✗ film\.mp4: The site refuses access \(403\).*\n$/)
    assert.equal(await run.exit, 77)
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`leaves the job to the server at ${signal}`, async (t) => {
      const { data, house } = await withServer(t, () => undefined)
      const run = jackdaw(t, data, ['get', film])
      for await (const chunk of run.child.stdout) if (String(chunk).includes('job j1')) break
      run.child.kill(signal)
      assert.equal(await run.exit, 130)
      assert.match(await run.err, /look again: jackdaw job j1 --follow/)
      assert.equal(house.job('j1').state, 'queued')
    })
  }

  test('goes on with its work when nobody reads any more', async (t) => {
    const gate = Promise.withResolvers<void>()
    const { data } = await withServer(t, async (id, house) => {
      await gate.promise
      house.finish(id)
    })
    const run = jackdaw(t, data, ['get', film])
    for await (const chunk of run.child.stdout) if (String(chunk).includes('job j1')) break
    run.child.stdout.destroy()
    gate.resolve()
    assert.equal(await run.exit, 0)
    assert.equal(await run.err, '')
  })

  test('lists every fault of the configuration and never shows a secret', async (t) => {
    const data = folder(t)
    const bad = { JACKDAW_PORT: 'x', JACKDAW_PROT: '1', JACKDAW_API_TOKEN: 'hunter2' }
    const run = jackdaw(t, data, ['config', 'check'], bad)
    const err = await run.err
    assert.match(err, /3 faults\n[^]*JACKDAW_PROT: unknown key; did you mean JACKDAW_PORT\?/)
    assert.ok(!err.includes('hunter2'))
    assert.equal(await run.exit, 64)
    const shown = await jackdaw(t, data, ['config'], { DATABASE_URL: 'postgres://u:hunter2@h/d', PORT: '9' }).out()
    assert.match(shown, /JACKDAW_PORT=9 {2}# environment: PORT\n/)
    assert.match(shown, /JACKDAW_DATABASE_URL=\*+ {2}# environment: DATABASE_URL\n/)
    assert.ok(!shown.includes('hunter2'))
  })

  test('answers --help and --version without loading schemas, clients or the house', async (t) => {
    const data = folder(t)
    const preload = join(data, 'loaded.mjs')
    const record = `import { registerHooks } from 'node:module'
registerHooks({ load: (url, context, next) => (console.error(url), next(url, context)) })`
    writeFileSync(preload, record)
    for (const argv of [['--help'], ['--version'], ['get', '--help']]) {
      const run = jackdaw(t, data, argv, { NODE_OPTIONS: `--import=${preload}` })
      const loaded = await run.err
      assert.match(loaded, /faces\/cli\/program\.ts/)
      assert.doesNotMatch(loaded, /\/(zod|undici|@orpc|contract|string-width|log-update)\/|main\/(config|open)/)
      assert.equal(await run.exit, 0)
    }
  })

  test('keeps a bug for us in the log, and shows an incident instead of a stack', async (t) => {
    const { data } = await withServer(t)
    // A server that answers with a page instead of JSON is nothing that the contract knows.
    const preload = join(data, 'page.mjs')
    const page = `const real = fetch
globalThis.fetch = (request, init) =>
  String(request.url ?? request).includes('/api/') ? new Response('<p>', { status: 418 }) : real(request, init)`
    writeFileSync(preload, page)
    const run = jackdaw(t, data, ['jobs'], { NODE_OPTIONS: `--import=${preload}` })
    const incident = /has the details under (\w+)/.exec(await run.err)?.[1]
    assert.ok(incident)
    assert.ok(!(await run.err).includes('    at '))
    assert.ok(readFileSync(join(data, 'log/cli.log'), 'utf8').includes(incident))
    assert.equal(await run.exit, 70)
  })
})

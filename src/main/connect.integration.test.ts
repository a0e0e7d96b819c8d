import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { runCli } from '#faces/cli/program.ts'
import { FakeHouse, type Play } from '#test/fakes/contract-house.ts'
import { fakeToken, type HouseServer, serveHouse } from '#test/fakes/contract-server.ts'
import { fakeHost, fakeTerminal } from '#test/fakes/terminal.ts'
import { connect, serverFilePath } from './connect.ts'

const film = 'https://a.example/film.mp4'

function dataFolder(t: TestContext): string {
  const data = mkdtempSync(join(tmpdir(), 'jackdaw-connect-'))
  t.after(() => rmSync(data, { recursive: true }))
  return data
}

function announce(data: string, server: Pick<HouseServer, 'url'>, more: object = {}): void {
  const file = { url: server.url, token: fakeToken, pid: process.pid, startedAt: new Date().toISOString(), ...more }
  writeFileSync(serverFilePath(data), JSON.stringify(file), { mode: 0o600 })
}

async function setUp(t: TestContext, play?: Play) {
  const data = dataFolder(t)
  const house = new FakeHouse(play)
  const server = await serveHouse(house)
  t.after(() => server[Symbol.asyncDispose]())
  announce(data, server)
  const terminal = fakeTerminal()
  const host = fakeHost(terminal, async () => {
    const session = await connect(data)
    assert.ok(session, 'a running server is found')
    return session
  })
  return { data, house, server, terminal, jackdaw: (...argv: string[]) => runCli(argv, host) }
}

describe('a running server', () => {
  test('is found by its file, asked with its token, and answers with the contract', async (t) => {
    const { data, house, server } = await setUp(t, () => undefined)
    const session = await connect(data)
    assert.equal(session?.where, 'server')
    assert.equal(session?.url, server.url)
    const job = await session?.client.jobs.start({ link: film, options: { limit: '5M' } })
    assert.equal(job?.id, 'j1')
    assert.equal(house.wishes[0]?.options?.limit, 5 * 1024 ** 2)
    assert.deepEqual((await session?.client.jobs.list({ limit: 1, state: 'open' }))?.jobs.length, 1)
    assert.equal((await session?.client.library.extend({ link: 'l1', expiresInSeconds: 60 }))?.id, 'l1')
  })

  test('sends its faults as they are, with facts and exit code', async (t) => {
    const { data } = await setUp(t)
    const session = await connect(data)
    await assert.rejects(
      async () => session?.client.jobs.get({ id: 'jx' }),
      (error) => {
        assert.ok(isFault(error, 'input.unknown'))
        assert.deepEqual(error.facts, { noun: 'job', id: 'jx' })
        assert.equal(error.message, 'There is no job jx.')
        return error.exit === 64
      },
    )
  })

  test('that knows another token refuses', async (t) => {
    const { data, server } = await setUp(t)
    announce(data, server, { token: 'another' })
    const session = await connect(data)
    await assert.rejects(
      async () => session?.client.jobs.list({}),
      (error) => isFault(error, 'access.unauthenticated'),
    )
  })

  test('is not one when its process is gone, nobody answers, or the file is half written', async (t) => {
    const { data, server } = await setUp(t)
    // Larger than any process id of Linux (2^22).
    announce(data, server, { pid: 2 ** 30 })
    assert.equal(await connect(data), undefined)
    announce(data, { url: 'http://127.0.0.1:1' })
    assert.equal(await connect(data), undefined)
    writeFileSync(serverFilePath(data), '{"url":')
    assert.equal(await connect(data), undefined)
    assert.equal(await connect(join(data, 'none')), undefined)
  })

  test('that does not answer is a fault that says so', async (t) => {
    const { data, server } = await setUp(t)
    const session = await connect(data)
    await server[Symbol.asyncDispose]()
    await assert.rejects(
      async () => session?.client.jobs.list({}),
      (error) => {
        return error instanceof Fault && error.code === 'house.unreachable' && error.facts['reason'] === 'ECONNREFUSED'
      },
    )
  })
})

describe('jackdaw get as a client of a server', () => {
  test('follows the job to its end', async (t) => {
    const { terminal, jackdaw } = await setUp(t)
    assert.equal(await jackdaw('get', film, '--out', '/srv', '--json'), 0)
    const types = terminal.lines().map((line) => (JSON.parse(line) as { type?: string }).type ?? 'finished')
    assert.deepEqual(types, ['job.queued', 'job.started', 'step.started', 'delivery.done', 'job.done', 'finished'])
  })

  test('survives broken connections: each event is told once', async (t) => {
    const drops = Promise.withResolvers<HouseServer>()
    const { server, terminal, jackdaw } = await setUp(t, async (id, house) => {
      const server = await drops.promise
      for (let attempt = 1; attempt <= 3; attempt++) {
        house.emit('step.started', id, { step: 's1', kind: 'fetch', engine: 'http', label: 'fetching', attempt })
        await followed(house, attempt)
        server.drop()
      }
      await followed(house, 4)
      house.finish(id)
    })
    drops.resolve(server)
    assert.equal(await jackdaw('get', film, '--json'), 0)
    const seqs = terminal
      .lines()
      .map((line) => (JSON.parse(line) as { seq?: number }).seq)
      .filter((seq) => seq !== undefined)
    assert.deepEqual(
      seqs,
      seqs.map((_, index) => index + 1),
    )
    assert.match(terminal.err(), /connection to the house broke/)
  })

  test('survives a restart of the server on another port', async (t) => {
    const running = Promise.withResolvers<void>()
    const { data, house, server, terminal, jackdaw } = await setUp(t, () => running.resolve())
    const done = jackdaw('get', film)
    await running.promise
    await followed(house, 1)
    await server[Symbol.asyncDispose]()
    house.finish('j1')
    await using second = await serveHouse(house)
    announce(data, second)
    assert.equal(await done, 0)
    assert.match(terminal.out(), /✓ film\.mp4/)
  })

  test('follows a large batch over a broken connection', async (t) => {
    const started = Promise.withResolvers<HouseServer>()
    const { server, terminal, jackdaw } = await setUp(t, async (id, house) => {
      const server = await started.promise
      if (id === 'j20') server.drop()
      setImmediate(() => house.finish(id, 1))
    })
    started.resolve(server)
    const links = Array.from({ length: 40 }, (_, index) => `http://a.example/${index}`)
    assert.equal(await jackdaw('get', ...links), 0)
    assert.match(String(terminal.lines().at(-1)), /^40 done {2}40 B in/)
  })
})

/** Waits until the stream of events was asked for so many times. */
async function followed(house: FakeHouse, times: number): Promise<void> {
  while (house.asked.filter((path) => path === 'jobs.events').length < times) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
  }
}

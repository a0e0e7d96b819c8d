import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { isFault, type Fault } from '@jackdaw/contract/faults.ts'
import { deathWatch, spawnChild, type SpawnOptions } from './child.ts'
import { identify, isSame } from './identity.ts'
import type { ChildRecord } from './orphans.ts'
import { findTool, probeTools } from './tools.ts'

function scratch(t: TestContext): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'child-')))
  t.after(() => rmSync(dir, { recursive: true }))
  return dir
}

const searchPath = process.env['PATH'] ?? ''
const never = new AbortController().signal

/** A shell script, as a tool. */
const script = (t: TestContext, text: string, options: Partial<SpawnOptions> = {}) =>
  spawnChild({
    tool: 'sh',
    path: '/bin/sh',
    args: ['-c', text],
    cwd: scratch(t),
    signal: never,
    mark: 'test',
    searchPath,
    ...options,
  })

/** Whether the process goes away; asked until it does, for the deadline of the test at most. */
async function gone(pid: number): Promise<void> {
  while (await identify(pid)) await sleep(10)
}

const failed = (exit: number | string, reason: RegExp) => (thrown: unknown) =>
  isFault(thrown, 'house.tool-failed') && thrown.facts['exit'] === exit && reason.test(String(thrown.facts['reason']))

test('output, input and exit 0 arrive', async (t) => {
  const child = await script(t, 'read line; echo "got $line"; echo aside >&2', {
    stdin: Readable.from(['a word\nmore\n']),
  })
  assert.equal(await child.text(), 'got a word\n')
  assert.equal(String((await child.stderr.toArray()).join('')), 'aside\n')
})

test('further inputs are descriptors from 3 on, and one that nobody reads does no harm', async (t) => {
  const inputs = [Readable.from(['a']), Readable.from(['b']), Readable.from([Buffer.alloc(1_000_000)])]
  const child = await script(t, 'cat <&4; cat <&3', { inputs })
  assert.equal(await child.text(), 'ba')
})

test('output that was written before anybody read it is not lost', async (t) => {
  const child = await script(t, 'echo early; exit 0')
  await child.done
  assert.equal(await child.text(), 'early\n')
})

test('arguments are not read by any shell', async (t) => {
  const args = ['%s', '$(touch pwned); `id` && "']
  const child = await spawnChild({
    tool: 'printf',
    path: 'printf',
    args,
    cwd: scratch(t),
    signal: never,
    mark: 'test',
    searchPath,
  })
  assert.equal(await child.text(), '$(touch pwned); `id` && "')
})

test('the environment holds only what a tool needs, what was given, and the mark', async (t) => {
  process.env['JACKDAW_TEST_SECRET'] = 'x'
  t.after(() => delete process.env['JACKDAW_TEST_SECRET'])
  const cwd = scratch(t)
  const child = await script(t, 'env; pwd', { cwd, env: { http_proxy: 'http://p' }, mark: 'step-1.2' })
  // The last of these is Node's own doing, when coverage is measured.
  const lines = (await child.text())
    .split('\n')
    .filter((line) => !/^(_|SHLVL|PWD|OLDPWD|TZ|PATH|NODE_V8_COVERAGE)=/.test(line))
  assert.deepEqual(
    lines.toSorted(),
    [
      '',
      cwd,
      `HOME=${cwd}`,
      'JACKDAW_STEP=step-1.2',
      'LANG=C.UTF-8',
      `TMPDIR=${cwd}`,
      'http_proxy=http://p',
    ].toSorted(),
  )
})

test('any other exit is a fault with the last lines of stderr, without secrets', async (t) => {
  const child = await script(t, 'echo "bad key hunter2" >&2; exit 3', { secrets: ['hunter2'] })
  await assert.rejects(child.done, failed(3, /^bad key \*\*\*$/))
  await assert.rejects(child.text(), failed(3, /./))
  await assert.rejects((await script(t, 'kill -SEGV $$')).done, failed('SIGSEGV', /said nothing/))
})

test('a tool that is not there is missing, with or without a launcher; one that cannot start failed', async (t) => {
  const signal = never
  for (const path of ['/nowhere/ffmpeg', 'no-such-tool-anywhere', '/etc/passwd', '/tmp'])
    await assert.rejects(
      spawnChild({
        tool: 'ffmpeg',
        path,
        args: [],
        cwd: scratch(t),
        signal,
        mark: 't',
        launcher: await deathWatch(searchPath),
        searchPath,
      }),
      (thrown) => isFault(thrown, 'house.missing-tool'),
    )
  await assert.rejects(script(t, 'true', { cwd: '/no/such/folder' }), failed('not started', /ENOENT/))
})

test('abort ends the whole group, a grandchild that will not listen too, and throws its reason', async (t) => {
  const stop = new AbortController()
  const text = `trap 'exit 1' TERM; sh -c "trap '' TERM; echo \\$\\$; while :; do sleep 0.05; done" & wait`
  const child = await script(t, text, { signal: stop.signal, graceMs: 100 })
  const [line] = await once(child.stdout, 'data')
  const grandchild = Number(String(line))
  assert.ok(await identify(grandchild))
  const reason = new Error('cancelled')
  stop.abort(reason)
  await assert.rejects(child.done, (thrown) => thrown === reason)
  await gone(grandchild)
  await gone(child.pid)
})

test('an abort before the start starts nothing', async (t) => {
  const reason = new Error('cancelled')
  await assert.rejects(script(t, 'true', { signal: AbortSignal.abort(reason) }), (thrown) => thrown === reason)
})

test('helpers that outlive their leader go with it', async (t) => {
  const child = await script(t, 'sleep 1000 & echo $!')
  const helper = Number(await child.text())
  await gone(helper)
})

test('what identifies the child is told right after the spawn, and a failure to store it kills the child', async (t) => {
  const told: ChildRecord[] = []
  const child = await script(t, 'read forever', {
    stdin: new Readable({ read: () => undefined }),
    onSpawn: (record) => void told.push(record),
    signal: AbortSignal.timeout(150),
  })
  const [record] = told
  assert.ok(record && record.pid === child.pid && record.mark === 'test')
  assert.equal(await isSame(record), true)
  assert.equal(await isSame({ ...record, startTime: '1' }), false)
  assert.equal(await isSame({ ...record, bootId: 'another' }), false)
  await assert.rejects(child.done)
  assert.equal(await isSame(record), false)

  let pid = 0
  const broken = script(t, 'sleep 1000', {
    onSpawn: (record) => {
      pid = record.pid
      throw new Error('no database')
    },
  })
  await assert.rejects(broken, /no database/)
  await gone(pid)
})

test('a reader that is slow makes the tool wait instead of filling memory', async (t) => {
  const stop = new AbortController()
  const child = await script(t, 'yes', { signal: stop.signal, graceMs: 50 })
  await once(child.stdout, 'readable')
  await sleep(50)
  assert.ok(child.stdout.readableLength < 1024 * 1024)
  stop.abort(new Error('enough'))
  await assert.rejects(child.done, /enough/)
})

test('input that breaks ends the tool with that error', async (t) => {
  const stdin = new Readable({ read: () => undefined })
  const child = await script(t, 'cat', { stdin, graceMs: 50 })
  stdin.destroy(new Error('the source broke'))
  await assert.rejects(child.done, /the source broke/)
  const early = await script(t, 'exit 0', {
    stdin: Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(65_536))),
  })
  await early.done
})

test('long work runs at low priority', async (t) => {
  const stop = new AbortController()
  const child = await script(t, 'sleep 1000', { signal: stop.signal, niceness: 10 })
  assert.equal(getPriority(child.pid), 10)
  stop.abort(new Error('enough'))
  await assert.rejects(child.done)
})

test('tools are found where they are configured, else on the path, and those that are absent say how to get them', async () => {
  assert.equal(await findTool('unar', '/bin/sh', searchPath), '/bin/sh')
  assert.equal(await findTool('unar', '/nowhere', searchPath), undefined)
  assert.equal(await findTool('unar', undefined, ''), undefined)
  const absent = await probeTools({}, '')
  assert.ok(absent.every((state) => !state.isFound && state.how.includes('apt-get install')))
  const broken = (await probeTools({ unar: '/bin/false' }, '')).find(({ tool }) => tool === 'unar')
  assert.ok(broken?.isFound === false && broken.how.includes('does not run'))
  const node = (await probeTools({ unar: process.execPath }, '')).find(({ tool }) => tool === 'unar')
  assert.deepEqual(node, { tool: 'unar', isFound: true, path: process.execPath, version: process.versions.node })
})

test('a tool that writes without end is stopped', async (t) => {
  const child = await script(t, 'yes', { graceMs: 50 })
  await assert.rejects(child.text(), (thrown) => failed('killed', /64 MiB/)(thrown as Fault))
})

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { deathWatch } from './child.ts'
import { identify } from './identity.ts'
import { marked, sweepOrphans, type ChildRecord } from './orphans.ts'

const searchPath = process.env['PATH'] ?? ''
const childModule = import.meta.resolve('./child.ts')

/** A house that starts one tool with two helpers, one of them in a session of its own, says who they are, and is killed. */
async function deadHouse(t: TestContext, launcher: readonly string[]) {
  const mark = randomUUID()
  const text = 'sleep 1000 & echo $!; setsid sleep 1000 & echo $!; exec sleep 1000'
  const house = `
    import { spawnChild } from ${JSON.stringify(childModule)}
    const say = (text) => process.stdout.write(text + '\\n')
    const child = await spawnChild({
      tool: 'sh', path: '/bin/sh', args: ['-c', ${JSON.stringify(text)}], cwd: ${JSON.stringify(tmpdir())},
      signal: new AbortController().signal, mark: ${JSON.stringify(mark)}, launcher: ${JSON.stringify(launcher)},
      searchPath: ${JSON.stringify(searchPath)},
      onSpawn: (record) => say(JSON.stringify(record)),
    })
    child.stdout.on('data', (chunk) => process.stdout.write(chunk))
    setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', house], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(async () => {
    parent.kill('SIGKILL')
    for (const pid of await marked(new Set([mark]))) process.kill(pid, 'SIGKILL')
  })
  const lines: string[] = []
  for await (const line of createInterface(parent.stdout)) if (lines.push(line) === 3) break
  const [record = '{}', ...helpers] = lines
  const dead = once(parent, 'exit')
  parent.kill('SIGKILL')
  await dead
  return { record: JSON.parse(record) as ChildRecord, helpers: helpers.map(Number), mark }
}

async function gone(pid: number): Promise<void> {
  while (await identify(pid)) await sleep(10)
}

const linux = process.platform === 'linux' ? false : 'needs /proc'

test(
  'the sweep finds what a killed house has left: the tool, its group, and who left the group',
  { skip: linux },
  async (t) => {
    const { record, helpers, mark } = await deadHouse(t, [])
    const all = [record.pid, ...helpers]
    for (const pid of all) assert.ok(await identify(pid), 'without a sweep they live on')
    assert.equal((await marked(new Set([mark]))).length, 3)
    const killed = await sweepOrphans([record])
    assert.ok(killed.includes(record.pid))
    for (const pid of all) await gone(pid)
    assert.deepEqual(await sweepOrphans([record]), [])
  },
)

test('with a death watch the tool dies with the house, and the sweep finds its helpers', { skip: linux }, async (t) => {
  const launcher = await deathWatch(searchPath)
  if (launcher.length === 0) return t.skip('setpriv is not installed')
  const { record, helpers } = await deadHouse(t, launcher)
  await gone(record.pid)
  for (const pid of helpers) assert.ok(await identify(pid))
  await sweepOrphans([record])
  for (const pid of helpers) await gone(pid)
})

test('the sweep leaves alone who only has the number of an orphan, or another mark', { skip: linux }, async (t) => {
  const env = { PATH: searchPath, JACKDAW_STEP: randomUUID() }
  const bystander = spawn('sleep', ['1000'], { env, detached: true, stdio: 'ignore' })
  t.after(() => bystander.kill('SIGKILL'))
  await once(bystander, 'spawn')
  const identity = await identify(bystander.pid ?? 0)
  assert.ok(identity)
  const mark = randomUUID()
  assert.deepEqual(
    await sweepOrphans([
      { ...identity, startTime: '1', mark },
      { ...identity, bootId: 'before', mark },
    ]),
    [],
  )
  assert.ok(await identify(identity.pid))
  assert.deepEqual(await sweepOrphans([]), [])
})

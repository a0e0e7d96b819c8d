import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { takeFileLock, tryFileLock } from './file-lock.ts'

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'jackdaw-lock-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

test('a lock is held once, within a process too, and leaves nothing but its file', async (t) => {
  const dir = await folder(t)
  const path = join(dir, 'lock')
  const first = tryFileLock(path)
  assert(first)
  assert.equal(tryFileLock(path), undefined)
  assert.equal(tryFileLock(path), undefined, 'a failed attempt must not loosen it')
  assert.deepEqual(await readdir(dir), ['lock'])
  first[Symbol.dispose]()
  const second = tryFileLock(path)
  assert(second)
  second[Symbol.dispose]()
})

test('waiting for a lock ends when it is let go, and when its signal is aborted', async (t) => {
  const path = join(await folder(t), 'lock')
  const first = tryFileLock(path)
  assert(first)
  await assert.rejects(takeFileLock(path, AbortSignal.timeout(30)), { name: 'TimeoutError' })
  const waiting = takeFileLock(path, AbortSignal.timeout(20_000))
  first[Symbol.dispose]()
  using second = await waiting
  assert.equal(second.path, path)
})

test('the lock of a killed process is free at once, and its children do not hold it', async (t) => {
  const path = join(await folder(t), 'lock')
  const code = `import { tryFileLock } from ${JSON.stringify(import.meta.resolve('./file-lock.ts'))}
    import { spawn } from 'node:child_process'
    globalThis.lock = tryFileLock(${JSON.stringify(path)})
    const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
    console.log(child.pid)
    setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(holder.stdout, 'data')) as [Buffer]
  t.after(() => process.kill(Number(line.toString()), 'SIGKILL'))
  assert.equal(tryFileLock(path), undefined)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  const lock = tryFileLock(path)
  assert(lock)
  lock[Symbol.dispose]()
})

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Landing, type Positions } from './landing.ts'

const version = { etag: '"1"', bytes: 100 }
const content = randomBytes(100)
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

async function folder(): Promise<{ dir: string } & AsyncDisposable> {
  const dir = await mkdtemp(join(tmpdir(), 'jackdaw-landing-'))
  return { dir, [Symbol.asyncDispose]: async () => await rm(dir, { recursive: true }) }
}

function runIn(
  dir: string,
  checkpoint?: unknown,
): { dir: string; checkpoint: unknown; saved: Positions[]; save(p: Positions): Promise<void> } {
  const saved: Positions[] = []
  return { dir, checkpoint, saved, save: async (positions) => void saved.push(positions) }
}

async function half(dir: string): Promise<Positions[]> {
  const run = runIn(dir)
  await using landing = await Landing.open(run)
  await landing.restart(version)
  await landing.write(content.subarray(0, 30), 0)
  await landing.write(content.subarray(60), 60)
  await landing.park()
  return run.saved
}

test('bytes that arrive in any order have the digest of the whole', async () => {
  await using scratch = await folder()
  await using landing = await Landing.open(runIn(scratch.dir))
  await landing.restart(version)
  await landing.write(content.subarray(50), 50)
  await landing.write(content.subarray(0, 50), 0)
  assert.equal(await landing.finish(100), sha256(content))
})

test('the next attempt takes up what is there', async () => {
  await using scratch = await folder()
  await half(scratch.dir)
  await using landing = await Landing.open(runIn(scratch.dir))
  assert.deepEqual(landing.have, [
    [0, 30],
    [60, 100],
  ])
  assert.deepEqual(landing.version, version)
  await landing.write(content.subarray(30, 60), 30)
  assert.equal(await landing.finish(100), sha256(content))
})

test('a torn journal is passed over for the checkpoint of the database', async () => {
  await using scratch = await folder()
  const [saved] = await half(scratch.dir)
  await writeFile(join(scratch.dir, 'positions.json'), '{"version":{"bytes":1')
  await using landing = await Landing.open(runIn(scratch.dir, saved))
  assert.deepEqual(landing.have, [
    [0, 30],
    [60, 100],
  ])
})

test('after a restart of the machine only what was synced counts', async () => {
  await using scratch = await folder()
  const [saved] = await half(scratch.dir)
  const path = join(scratch.dir, 'positions.json')
  const journal: Positions = JSON.parse(await readFile(path, 'utf8'))
  await writeFile(path, JSON.stringify({ ...journal, boot: 'another', synced: false }))
  await using without = await Landing.open(runIn(scratch.dir))
  assert.deepEqual(without.have, [])
  assert.ok(saved)
  await using withSaved = await Landing.open(runIn(scratch.dir, { ...saved, boot: 'another' }))
  assert.deepEqual(withSaved.have, [
    [0, 30],
    [60, 100],
  ])
})

test('positions beyond the end of the file are not believed', async () => {
  await using scratch = await folder()
  await half(scratch.dir)
  await truncate(join(scratch.dir, 'body'), 50)
  await using landing = await Landing.open(runIn(scratch.dir))
  assert.deepEqual(landing.have, [])
})

test('a large file is hashed by the thread that follows it', async () => {
  await using scratch = await folder()
  const large = randomBytes(9_000_000)
  await using landing = await Landing.open(runIn(scratch.dir))
  await landing.restart({ bytes: large.length })
  for (let at = 0; at < large.length; at += 1_000_000) await landing.write(large.subarray(at, at + 1_000_000), at)
  assert.equal(await landing.finish(large.length), sha256(large))
})

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Fault } from '@jackdaw/contract/faults.ts'
import { join as joinParts } from '#processors/join/processor.ts'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { clip, plays, seen } from '#test/fakes/clips.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { split } from './processor.ts'

processorSuite('split', split, 'tiny.mp4', { options: { parts: 2 }, takesAny: true })

async function random(dir: string, bytes: number, name = 'x.bin') {
  await writeFile(join(dir, name), randomBytes(bytes))
  return await assetOf(join(dir, name))
}

test('a file is cut by bytes without any program, and join makes it the same again', async (t) => {
  const dir = await scratch(t)
  const one = await random(dir, 2_500_000)
  const run = localRun(dir)
  const parts = await split.process([one], split.options.parse({ bytes: '1MB' }), run)
  assert.deepEqual(
    parts.map(({ name, bytes }) => [name, bytes]),
    [
      ['x.bin.001', 1_048_576],
      ['x.bin.002', 1_048_576],
      ['x.bin.003', 402_848],
    ],
  )
  assert.deepEqual(run.spawned, [])
  assert.deepEqual(run.reports.at(-1), { unit: 'bytes', done: one.bytes, of: one.bytes })
  const [whole] = await joinParts.process(parts.toReversed(), joinParts.options.parse({}), localRun(dir))
  assert.deepEqual([whole?.name, whole?.sha256], ['x.bin', one.sha256])
  assert.ok((await readFile(whole?.path ?? '')).equals(await readFile(one.path)))
})

test('what is small enough stays whole', async (t) => {
  const dir = await scratch(t)
  const one = await random(dir, 1000)
  assert.deepEqual(await split.process([one], split.options.parse({ bytes: 1000 }), localRun(dir)), [one])
})

test('a film is cut so that each part plays and none is too large', async (t) => {
  const dir = await scratch(t)
  // The first half is noise, the second still: equal times are very unequal bytes.
  const more = ['-vf', "noise=alls=80:allf=t:enable='lt(t,4)'", '-crf', '8', '-c:a', 'aac', '-b:a', '32k']
  const one = await assetOf(await clip(dir, 'x.mp4', { seconds: 10, keyEvery: 0.5, more }))
  const bytes = Math.ceil(one.bytes / 4)
  const parts = await split.process([one], split.options.parse({ bytes }), localRun(dir))
  assert.ok(parts.length >= 4)
  let seconds = 0
  for (const [index, part] of parts.entries()) {
    assert.equal(part.name, `x (${index + 1} of ${parts.length}).mp4`)
    assert.ok(part.bytes <= bytes, `${part.bytes} of ${bytes}`)
    await plays(part.path)
    const look = await seen(part.path)
    assert.deepEqual(look.codecs, ['h264', 'aac'])
    seconds += look.seconds
  }
  assert.ok(Math.abs(seconds - 10) < 0.5, String(seconds))
})

test('a film with one key frame only is cut by bytes', async (t) => {
  const dir = await scratch(t)
  const one = await assetOf(await clip(dir, 'x.mp4', { keyEvery: 100 }))
  const parts = await split.process([one], split.options.parse({ bytes: Math.ceil(one.bytes / 2) }), localRun(dir))
  assert.deepEqual(
    parts.map(({ name }) => name),
    ['x.mp4.001', 'x.mp4.002'],
  )
})

test('without ffmpeg, and for what only calls itself a film, bytes are cut', async (t) => {
  const dir = await scratch(t)
  const film = await assetOf(await clip(dir, 'x.mp4'))
  const run = localRun(dir)
  run.spawn = () => Promise.reject(new Fault('house.missing-tool', { tool: 'ffprobe', how: '' }))
  assert.equal((await split.process([film], split.options.parse({ parts: 3 }), run))[2]?.name, 'x.mp4.003')
  const text = { ...(await random(dir, 1000, 'y.mp4')), type: 'video/mp4' }
  assert.equal((await split.process([text], split.options.parse({ parts: 2 }), localRun(dir)))[1]?.name, 'y.mp4.002')
})

test('an abort in the middle leaves no part', async (t) => {
  const dir = await scratch(t)
  const one = await random(dir, 5_000_000)
  const abort = new AbortController()
  const reason = new Error('cancelled')
  const before = await readdir(dir)
  const run = localRun(dir, { signal: abort.signal, onReport: () => abort.abort(reason) })
  await assert.rejects(split.process([one], split.options.parse({ parts: 3 }), run), reason)
  assert.deepEqual(await readdir(dir), before)
})

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { clip, seen } from '#test/fakes/clips.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { sprite } from './processor.ts'

processorSuite('sprite', sprite, 'tiny.mp4', { namesInside: true })

test('strip and map agree, and only key frames are decoded', async (t) => {
  const dir = await scratch(t)
  const one = await assetOf(await clip(dir, 'x y.mp4', { seconds: 12.4, keyEvery: 3 }))
  const run = localRun(dir)
  const [film, picture = assert.fail(), map = assert.fail()] = await sprite.process(
    [one],
    sprite.options.parse({}),
    run,
  )
  assert.equal(film, one)
  assert.deepEqual([picture.name, map.name, map.type], ['x y.sprite.jpg', 'x y.sprite.vtt', 'text/vtt'])
  const { width, height } = await seen(picture.path)
  assert.deepEqual([width, height], [1600, 180])
  const text = await readFile(map.path, 'utf8')
  assert.equal(text.match(/-->/g)?.length, 13)
  assert.match(text, /x%20y\.sprite\.jpg#xywh=320,90,160,90\n$/)
  const [ffmpeg, ...others] = run.spawned.filter(({ tool }) => tool === 'ffmpeg')
  assert.deepEqual(others, [])
  assert.ok(ffmpeg?.args.includes('nokey'))
  // What it saw of the film is there for the next step, which need not look.
  const next = localRun(dir)
  await sprite.process([{ ...one, facts: run.notes[0]?.facts ?? {} }], sprite.options.parse({}), next)
  assert.deepEqual(
    next.spawned.map(({ tool }) => tool),
    ['ffmpeg'],
  )
})

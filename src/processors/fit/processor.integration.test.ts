import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { clip, plays, seen } from '#test/fakes/clips.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { fit } from './processor.ts'

processorSuite('fit', fit, 'tiny.mp4', { options: { bytes: 24_000, speed: 'fastest' } })

const noisy = ['-vf', 'noise=alls=60:allf=t', '-crf', '5']

test('a film that is too large fits afterwards, as long as before and with fewer lines', async (t) => {
  const dir = await scratch(t)
  const path = await clip(dir, 'x.mkv', { seconds: 6, size: '640x360', more: noisy })
  const one = await assetOf(path)
  const bytes = 70_000
  assert.ok(one.bytes > bytes * 5)
  const run = localRun(dir)
  const [made = assert.fail()] = await fit.process([one], fit.options.parse({ bytes, speed: 'fastest' }), run)
  assert.ok(made.bytes <= bytes, String(made.bytes))
  assert.equal(made.name, 'x.mp4')
  const film = await seen(made.path)
  assert.ok(Math.abs(film.seconds - 6) < 0.2)
  assert.ok((film.height ?? 999) < 360)
  assert.ok(run.spawned.filter(({ args }) => args.includes('libx264')).length <= 3)
  assert.ok(run.reports.every(({ done, of }) => of === undefined || done <= of))
  await plays(made.path)
})

test('a sound fits afterwards', async (t) => {
  const dir = await scratch(t)
  for (const [name, audio] of [
    ['x.flac', 'flac'],
    ['x.mp3', 'mp3'],
  ] as const) {
    const more = audio === 'mp3' ? ['-b:a', '256k'] : []
    const one = await assetOf(await clip(dir, name, { seconds: 8, video: 'none', audio, more }))
    const bytes = Math.min(one.bytes - 1, 70_000)
    const [made = assert.fail()] = await fit.process([one], fit.options.parse({ bytes }), localRun(dir))
    assert.ok(made.bytes <= bytes, `${made.bytes} of ${bytes}`)
    assert.ok(Math.abs((await seen(made.path)).seconds - 8) < 0.3)
  }
})

test('what is small enough passes as it is, without a look', async (t) => {
  const dir = await scratch(t)
  const one = await assetOf(await clip(dir, 'x.mp4', { seconds: 1 }))
  const run = localRun(dir)
  assert.deepEqual(await fit.process([one], fit.options.parse({ bytes: '1GB' }), run), [one])
  assert.equal(run.spawned.length, 0)
})

test('what would be too poor is refused with better advice, or kept', async (t) => {
  const dir = await scratch(t)
  const one = await assetOf(await clip(dir, 'x.mp4', { seconds: 4, size: '640x360' }))
  const before = await readdir(dir)
  await assert.rejects(fit.process([one], fit.options.parse({ bytes: 2000 }), localRun(dir)), /split it instead/)
  assert.deepEqual(await fit.process([one], fit.options.parse({ bytes: 2000, otherwise: 'keep' }), localRun(dir)), [
    one,
  ])
  assert.deepEqual(await readdir(dir), before)
})

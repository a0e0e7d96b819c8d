import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { clip, plays, seen, type ClipHow } from '#test/fakes/clips.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { sample, type Sample } from '#test/fakes/media.ts'
import { convert } from './processor.ts'
import { presetNames, presets } from './presets.ts'

processorSuite('convert', convert, 'tiny.mp4', { options: { crf: 30, speed: 'fastest' } })

async function converted(t: Parameters<typeof scratch>[0], name: string, how: ClipHow, options: object) {
  const dir = await scratch(t)
  const run = localRun(dir)
  const one = await assetOf(await clip(dir, name, { seconds: 1, ...how }))
  const [made = assert.fail('nothing came')] = await convert.process([one], convert.options.parse(options), run)
  return { ...(await seen(made.path)), made, one, run }
}

for (const preset of presetNames.filter((name) => presets[name].kind !== 'picture')) {
  test(`the preset ${preset} makes a file that plays`, async (t) => {
    const how: ClipHow = { video: 'vp9', audio: 'flac', size: '101x65' }
    const { made, seconds } = await converted(t, 'x.mkv', how, { preset, speed: 'fastest' })
    assert.equal(made.name, `x.${preset.split('-')[0]}`)
    assert.ok(Math.abs(seconds - 1) < 0.2, String(seconds))
    await plays(made.path)
  })
}

for (const [preset, type] of [
  ['jpg', 'image/jpeg'],
  ['png', 'image/png'],
  ['webp', 'image/webp'],
] as const) {
  test(`the preset ${preset} makes a picture of a picture`, async (t) => {
    const dir = await scratch(t)
    const from: Sample = preset === 'png' ? 'picture.jpg' : 'small.png'
    const one = await assetOf(await sample(dir, from))
    const [made] = await convert.process([one], convert.options.parse({ preset, height: 16 }), localRun(dir))
    assert.equal(made?.type, type)
    assert.equal((await seen(made?.path ?? '')).height, 16)
  })
}

test('streams that fit are copied, and a file that fits passes as it is', async (t) => {
  const mkv = await converted(t, 'x.mkv', {}, { preset: 'mp4' })
  assert.equal(mkv.made.name, 'x.mp4')
  assert.ok(!mkv.run.spawned.some(({ args }) => args.includes('libx264')))
  const mp4 = await converted(t, 'x.mp4', {}, { preset: 'mp4' })
  assert.equal(mp4.made, mp4.one)
})

test('a picture gets as small as it is asked to be, in its shape', async (t) => {
  const small = await converted(t, 'x.mp4', { size: '320x180' }, { height: 90, speed: 'fastest' })
  assert.deepEqual([small.width, small.height], [160, 90])
})

test('presets of films leave pictures and songs alone, and those of pictures leave films', async (t) => {
  const dir = await scratch(t)
  const assets = await Promise.all(
    (['picture.jpg', 'song.mp3', 'video.ts'] as const).map(async (kind) => assetOf(await sample(dir, kind))),
  )
  const films = await convert.process(assets.slice(0, 2), convert.options.parse({}), localRun(dir))
  assert.deepEqual(films, assets.slice(0, 2))
  const pictures = await convert.process(assets.slice(2), convert.options.parse({ preset: 'png' }), localRun(dir))
  assert.deepEqual(pictures, assets.slice(2))
})

test('an encoder that this ffmpeg lacks is named, and nothing is left', async (t) => {
  const dir = await scratch(t)
  const one = await assetOf(await clip(dir, 'x.mp4', { seconds: 1 }))
  const before = await readdir(dir)
  const run = localRun(dir)
  const { spawn } = run
  // As an ffmpeg that was built without it would answer.
  run.spawn = async (tool, args, how) => {
    const child = await spawn(tool, args, how)
    const text = async () => (await child.text()).replace(/^.*libx265.*\n/gm, '')
    return args.includes('-encoders') ? { ...child, text } : child
  }
  await assert.rejects(convert.process([one], convert.options.parse({ preset: 'mp4-hevc' }), run), (thrown) => {
    assert.match(String(thrown), /libx265/)
    return isFault(thrown, 'process.unsupported')
  })
  assert.deepEqual(await readdir(dir), before)
})

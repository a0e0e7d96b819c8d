import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { clip, plays, seen, type ClipHow } from '#test/fakes/clips.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { sample } from '#test/fakes/media.ts'
import { trim } from './processor.ts'

processorSuite('trim', trim, 'tiny.mp4', { options: { ranges: [{ from: 1, to: 2 }] } })

async function trimmed(t: Parameters<typeof scratch>[0], name: string, how: ClipHow, options: object) {
  const dir = await scratch(t)
  const run = localRun(dir)
  const one = await assetOf(await clip(dir, name, how))
  const made = await trim.process([one], trim.options.parse(options), run)
  const looks = await Promise.all(
    made.map(async ({ path, name }) => {
      await plays(path)
      return { ...(await seen(path)), name }
    }),
  )
  return { run, looks, lengths: looks.map(({ seconds }) => Math.round(seconds * 10) / 10) }
}

const near = (found: readonly number[], expected: readonly number[], by = 0.15) =>
  assert.ok(
    found.length === expected.length && found.every((value, index) => Math.abs(value - (expected[index] ?? 0)) <= by),
    `${found.join(' ')} instead of ${expected.join(' ')}`,
  )

test('several clips are copied in one start of ffmpeg, each from the key frame before', async (t) => {
  const ranges = [{ from: 1, to: 2 }, { from: '0:03.5', to: 5 }, { from: 7 }]
  const { run, looks, lengths } = await trimmed(t, 'x.mp4', { seconds: 8 }, { ranges })
  near(lengths, [1, 2, 1])
  assert.deepEqual(
    looks.map(({ name }) => name),
    ['x (0m01s-0m02s).mp4', 'x (0m03.5s-0m05s).mp4', 'x (0m07s-0m08s).mp4'],
  )
  const starts = run.spawned.filter(({ tool }) => tool === 'ffmpeg')
  assert.equal(starts.length, 1)
  assert.ok(!starts[0]?.args.some((arg) => arg.startsWith('lib')))
})

test('clips are joined by copy at key frames', async (t) => {
  const ranges = [
    { from: 1, to: 2 },
    { from: 4.5, to: 6 },
  ]
  const { looks, lengths } = await trimmed(t, 'x.mp4', { seconds: 8 }, { ranges, join: true })
  near(lengths, [3])
  assert.equal(looks[0]?.name, 'x (2 clips).mp4')
})

test('a name that was asked for stays as it is, where there is one file only', async (t) => {
  const names = async (options: object) =>
    (await trimmed(t, 'x.mp4', { seconds: 3 }, options)).looks.map(({ name }) => name)
  const two = [
    { from: 0, to: 1 },
    { from: 2, to: 3 },
  ]
  assert.deepEqual(await names({ ranges: [{ from: 1, to: 2 }], label: false }), ['x.mp4'])
  assert.deepEqual(await names({ ranges: two, join: true, label: false }), ['x.mp4'])
  assert.deepEqual(await names({ ranges: two, label: false }), ['x (0m00s-0m01s).mp4', 'x (0m02s-0m03s).mp4'])
})

test('exact clips begin and end at the very frame, apart and joined', async (t) => {
  const ranges = [
    { from: 1.3, to: 2 },
    { from: 4.5, to: 6 },
  ]
  near((await trimmed(t, 'x.mp4', { seconds: 8, keyEvery: 4 }, { ranges, exact: true })).lengths, [0.7, 1.5])
  const joined = await trimmed(t, 'x.mp4', { seconds: 8, keyEvery: 4 }, { ranges, exact: true, join: true })
  near(joined.lengths, [2.2])
  assert.deepEqual(joined.looks[0]?.codecs, ['h264', 'aac'])
})

test('sounds of every kind are cut, in their own container', async (t) => {
  for (const [name, audio] of [
    ['x.mp3', 'mp3'],
    ['x.m4a', 'aac'],
    ['x.opus', 'opus'],
    ['x.flac', 'flac'],
  ] as const) {
    const { looks, lengths } = await trimmed(
      t,
      name,
      { seconds: 4, video: 'none', audio },
      { ranges: [{ from: 1, to: 3 }] },
    )
    near(lengths, [2])
    assert.equal(looks[0]?.name, name.replace('.', ' (0m01s-0m03s).'))
    assert.deepEqual(looks[0]?.codecs, [audio])
  }
})

test('a webm, a Matroska file and a transport stream are cut too', async (t) => {
  // Opus wants 80 ms before a moment, so that at a key frame itself the one before is taken.
  const ranges = [{ from: 2.1, to: 3.1 }]
  for (const [name, how] of [
    ['x.webm', { video: 'vp9', audio: 'opus' }],
    ['x.mkv', {}],
    ['x.ts', {}],
  ] as const) {
    const { lengths } = await trimmed(t, name, { ...how, seconds: 4 }, { ranges })
    // A transport stream has no index, so that one key frame earlier may be found.
    near(lengths, [1], name === 'x.ts' ? 1.1 : 0.15)
  }
})

test('the cover of a song stays', async (t) => {
  const dir = await scratch(t)
  const one = await assetOf(await sample(dir, 'covered.mp3'))
  const [made] = await trim.process([one], trim.options.parse({ ranges: [{ from: 0.5 }] }), localRun(dir))
  assert.equal((await seen(made?.path ?? '')).covers, 1)
})

test('chapters move with the clip', async (t) => {
  const dir = await scratch(t)
  const chapter = (from: number, to: number, title: string) =>
    `[CHAPTER]\nTIMEBASE=1/1\nSTART=${from}\nEND=${to}\ntitle=${title}\n`
  await writeFile(join(dir, 'c.txt'), `;FFMETADATA1\n${chapter(0, 2, 'One')}${chapter(2, 4, 'Two')}`)
  const inputs = ['-f', 'ffmetadata', '-i', join(dir, 'c.txt')]
  const one = await assetOf(await clip(dir, 'x.mkv', { inputs, more: ['-map_metadata', '2'] }))
  const [made] = await trim.process([one], trim.options.parse({ ranges: [{ from: 2.5, to: 3 }] }), localRun(dir))
  assert.deepEqual((await seen(made?.path ?? '')).chapters, ['Two'])
})

test('a clip after the end is refused, and nothing is made', async (t) => {
  const dir = await scratch(t)
  const one = await assetOf(await clip(dir, 'x.mp4', { seconds: 1 }))
  const before = await readdir(dir)
  const options = trim.options.parse({ ranges: [{ from: 0, to: 1 }, { from: '1:00' }] })
  await assert.rejects(trim.process([one], options, localRun(dir)), /x\.mp4 is 0:01.*nothing of it is after 1:00/)
  assert.deepEqual(await readdir(dir), before)
})

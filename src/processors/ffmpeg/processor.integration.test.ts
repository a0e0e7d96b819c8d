import assert from 'node:assert/strict'
import { copyFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { probeFile } from '#kernel/ffmpeg/probe.ts'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { folderAt, localRun, scratch } from '#test/fakes/local-run.ts'
import { sample } from '#test/fakes/media.ts'
import { ffmpeg } from './processor.ts'

processorSuite('ffmpeg', ffmpeg, 'song.mp3', { options: { args: '-c copy -bitexact', extension: 'mka' } })

test('each file is made anew by the recipe, with its variables', async (t) => {
  const dir = await scratch(t)
  const one = await assetOf(await sample(dir, 'short.webm', "it's 5%: a,b;[c].webm"))
  const two = { ...(await assetOf(await sample(dir, 'wide.mkv'))), facts: { durationSeconds: 1 } }
  const options = ffmpeg.options.parse({
    args: `-vf "scale={lines}:-2,drawtext=text={title}:fontsize=8" -c:v libx264 -preset ultrafast -metadata title={stem}`,
    extension: 'mp4',
    vars: { lines: { type: 'number', default: 32 } },
    title: "-x\\ 'q' 100%: ,;[] %{pts}",
  })
  const run = localRun<unknown>(await folderAt(dir, 'run'))
  const made = await ffmpeg.process([one, two], options, run)
  assert.deepEqual(
    made.map(({ name }) => name),
    ["it's 5% - a,b;[c].mp4", 'wide.mp4'],
  )
  const facts = await probeFile(made[0]?.path ?? '', 'video/mp4', run)
  assert.equal(facts?.width, 32)
  assert.equal(facts.tags?.['title'], "it's 5%: a,b;[c]")
  assert.equal(run.reports.at(-1)?.of, 1)
  assert.ok(run.spawned.every(({ args }) => args.includes('file,pipe')))
})

test('several inputs go into one call, and a picture may be the cover', async (t) => {
  const dir = await scratch(t)
  const songs = await Promise.all(['a.mp3', 'b.mp3'].map(async (name) => assetOf(await sample(dir, 'song.mp3', name))))
  const cover = await assetOf(await sample(dir, 'picture.jpg'))
  const mixed = ffmpeg.options.parse({
    args: '-i {input} -i {input:2} -filter_complex amix=inputs=2 {output}',
    extension: 'flac',
    original: 'keep',
  })
  const made = await ffmpeg.process(songs, mixed, localRun(dir))
  assert.deepEqual(
    made.map(({ name }) => name),
    ['a.mp3', 'b.mp3', 'a.flac'],
  )
  const covered = ffmpeg.options.parse({
    args: '-i {input} -i {cover} -map 0:a -map 1:v -c copy -disposition:v attached_pic',
    extension: 'mp3',
  })
  const [kept, ...results] = await ffmpeg.process([...songs, cover], covered, localRun(dir))
  assert.equal(kept, cover)
  assert.equal(results.length, 2)
  const facts = await probeFile(results[0]?.path ?? '', 'audio/mpeg', localRun(dir))
  assert.equal(facts?.streams?.length, 2)
  await assert.rejects(ffmpeg.process(songs, covered, localRun(dir)), {
    code: 'process.failed',
    message: /picture for \{cover\}/,
  })
})

test('when one file fails nothing is left of the others', async (t) => {
  const dir = await scratch(t)
  const good = await assetOf(await sample(dir, 'song.mp3'))
  await copyFile(import.meta.filename, join(dir, 'bad.mp3'))
  const bad = await assetOf(join(dir, 'bad.mp3'), { type: 'audio/mpeg' })
  const run = localRun<unknown>(await folderAt(dir, 'run'))
  const options = ffmpeg.options.parse({ args: '-c:a flac', extension: 'flac' })
  await assert.rejects(ffmpeg.process([good, bad], options, run), { code: 'process.failed' })
  assert.deepEqual(await readdir(run.dir), [])
})

import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { assetOf } from '#test/conformance/processor.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { sample } from '#test/fakes/media.ts'
import { processors } from './index.ts'

/** Options with which each has something to write of a film of two seconds. */
const wishes: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  merge: { mode: 'concat' },
  remux: { container: 'mkv' },
  trim: { ranges: [{ from: 0, to: 1 }, { from: 1 }], join: true },
  audio: { format: 'opus' },
  convert: { crf: 30, speed: 'fastest' },
  fit: { bytes: 24_000, speed: 'fastest' },
  sample: { totalSeconds: 1, partSeconds: 0.5 },
  subtitles: {},
  metadata: { title: 'A' },
  screenshots: { count: 2 },
  'contact-sheet': { columns: 2, rows: 1 },
  sprite: {},
  split: { parts: 2 },
}

for (const [name, options] of Object.entries(wishes)) {
  test(`${name}: an abort while it writes leaves nothing of it, and says why`, async (t) => {
    const processor = processors.find((one) => one.name === name)
    assert.ok(processor)
    const [dir, inputs] = [await scratch(t), await scratch(t)]
    await writeFile(join(inputs, 'tiny.en.srt'), '1\n00:00:00,000 --> 00:00:01,000\nhello\n')
    const film = await assetOf(await sample(inputs, 'tiny.mp4'))
    const all = [
      film,
      await assetOf(join(inputs, 'tiny.en.srt'), { role: 'subtitle' }),
      { ...film, id: `${film.id}-2` },
    ]
    const abort = new AbortController()
    const reason = new Error('the job was cancelled')
    // The first report comes when something was written.
    const run = localRun<unknown>(dir, { signal: abort.signal, onReport: () => abort.abort(reason) })
    const given = all.filter((asset) => processor.accepts(asset))
    await assert.rejects(processor.process(given, processor.options.parse(options), run), reason)
    assert.deepEqual(await readdir(dir), [])
  })
}

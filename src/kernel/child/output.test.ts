import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import { collect, lastLines, tap } from './output.ts'
import { missingTool, parseVersion } from './tools.ts'

test('the last lines hold no secret, no control character and no progress that was overwritten', () => {
  const text = 'one\ntwo\nframe=1\rframe=2\rframe=3\n\n\u001B[31mred\u001B[0m\u0007\ntoken=hunter2 and hunter2-long\n'
  const shown = lastLines(text, ['hunter2', 'hunter2-long', ''])
  assert.equal(shown, 'one | two | frame=3 | red | token=*** and ***')
  assert.equal(lastLines('', []), 'it said nothing')
  assert.ok(lastLines('x'.repeat(10_000), []).length <= 600)
})

test('stderr that nobody reads does not hold up the tool, and its end is kept', async () => {
  const source = new PassThrough()
  const tapped = tap(source)
  for (let line = 0; line < 300; line++) {
    if (!source.write(Buffer.alloc(16_384, 'a'))) await once(source, 'drain')
  }
  source.end('the end')
  source.once('end', () => source.destroy())
  await tapped.ended
  assert.ok(tapped.tail().endsWith('the end'))
  assert.ok(tapped.stream.readableLength <= 1.1 * 1024 * 1024)
})

test('output beyond the limit is told and not kept', async () => {
  let told = 0
  const chunks = ['abcd', 'efgh', 'ijkl'].map((text) => Buffer.from(text))
  assert.equal(await collect(Readable.from(chunks), 6, () => told++), 'abcd')
  assert.equal(told, 1)
  assert.equal(await collect(Readable.from(chunks), 12, () => told++), 'abcdefghijkl')
  assert.equal(told, 1)
})

test('the version is found in what tools say about themselves', () => {
  assert.equal(parseVersion('ffmpeg version 5.1.6-0+deb12u1 Copyright (c)'), '5.1.6-0+deb12u1')
  assert.equal(parseVersion('2023.03.04\n'), '2023.03.04')
  assert.equal(parseVersion('\n7-Zip (z) 22.01 (x64) : Copyright'), '22.01')
  assert.equal(parseVersion('rclone v1.60.1-DEV'), '1.60.1-DEV')
  assert.equal(parseVersion('hello'), 'unknown')
})

test('a missing tool says what to type', () => {
  assert.match(missingTool('yt-dlp').message, /apt-get install yt-dlp.*brew install yt-dlp.*JACKDAW_YTDLP/)
  assert.match(missingTool('nobody-knows').message, /Install it/)
})

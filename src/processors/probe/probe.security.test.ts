import assert from 'node:assert/strict'
import { copyFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { thumbnail } from '#processors/thumbnail/processor.ts'
import { asset, localRun, scratch } from '#test/fakes/local-run.ts'
import { sample } from '#test/fakes/media.ts'
import { probe } from './processor.ts'

/** Texts that ffmpeg takes for media and that name other things to open. */
function playlists(path: string, url: string): readonly (readonly [string, string])[] {
  return [
    ['HLS, file', `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\nfile://${path}\n#EXT-X-ENDLIST\n`],
    ['HLS, bare path', `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\n${path}\n#EXT-X-ENDLIST\n`],
    ['HLS, neighbour', `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\nsecret.ts\n#EXT-X-ENDLIST\n`],
    ['HLS, URL', `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\n${url}\n#EXT-X-ENDLIST\n`],
    ['concat', `ffconcat version 1.0\nfile '${path}'\n`],
    ['concat, neighbour', `ffconcat version 1.0\nfile secret.ts\n`],
    ['concat, URL', `ffconcat version 1.0\nfile '${url}'\n`],
    [
      'DASH',
      `<?xml version="1.0"?><MPD type="static"><Period><AdaptationSet><Representation id="1"><BaseURL>${url}</BaseURL></Representation></AdaptationSet></Period></MPD>`,
    ],
    [
      'SDP',
      `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n`,
    ],
  ]
}

test('a playlist that is called a video shows nothing of other files and connects nowhere', async (t) => {
  const dir = await scratch(t)
  let asked = 0
  const server = createServer((_, answer) => {
    asked++
    answer.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const secret = await copied(dir)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.ts`
  for (const [title, text] of playlists(secret, url)) {
    for (const type of ['video/mp4', 'audio/mpeg', 'video/mp2t', 'image/jpeg', 'image/heic']) {
      const path = join(dir, `hostile.${type.split('/')[1]}`)
      await writeFile(path, text)
      const run = localRun(dir)
      await probe.process([await asset(path, { type })], { strict: false }, run)
      await thumbnail.process([await asset(path, { type })], { pixels: 480 }, run)
      assert.deepEqual(run.notes, [], `${title} as ${type}`)
    }
  }
  assert.equal(asked, 0)
})

test('the same film in the open is shown, so that the test above can fail', async (t) => {
  const dir = await scratch(t)
  const run = localRun(dir)
  await probe.process([await asset(await copied(dir), { type: 'video/mp2t' })], { strict: false }, run)
  assert.equal(run.notes.length, 1)
})

/** A film that ffmpeg would gladly show, as the thing that a playlist wants to reach. */
async function copied(dir: string): Promise<string> {
  const path = await sample(dir, 'video.ts')
  await copyFile(path, join(dir, 'secret.ts'))
  return join(dir, 'secret.ts')
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Media } from '@jackdaw/contract/nouns/media.ts'
import { parseHls } from '#kernel/manifest/hls.ts'
import { choicesOf } from './choices.ts'

test('speeds that nothing has and streams that never end still make choices that can be stored', () => {
  const place = { title: 'x', site: 'a.example', home: 'http://a.example/' }
  const speeds = ['-1', '0', '1e308', '9'.repeat(20), '99999999999', 'NaN', '"__proto__"']
  for (const speed of speeds) {
    for (const seconds of [undefined, 10, 2e11]) {
      const list = `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000,AVERAGE-BANDWIDTH=${speed},RESOLUTION=160x90\nv.m3u8\n`
      const master = parseHls(list, new URL(place.home))
      assert.ok(master.kind === 'master')
      const choices = choicesOf(master, place, { languages: [], seconds })
      assert.doesNotThrow(() => Media.parse({ title: 'x', source: 'hls', parts: [], choices }), speed)
    }
  }
})

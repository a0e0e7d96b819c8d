import assert from 'node:assert/strict'
import test from 'node:test'
import { layOut, mapOf } from './layout.ts'

const film = { cellWidth: 160, filmWidth: 1920, filmHeight: 1080 }

test('a film has about a hundred pictures, a short one a picture for each second', () => {
  assert.deepEqual(
    [3600, 25.2, 0.4].map((seconds) => layOut({ ...film, seconds }).count),
    [100, 26, 1],
  )
  assert.equal(layOut({ ...film, seconds: 36_000, everySeconds: 0.5 }).count, 400)
})

test('the map names the place of each picture, and ends with the film', () => {
  const layout = layOut({ ...film, seconds: 21, everySeconds: 2 })
  const lines = mapOf(layout, 'a b#.jpg').split('\n')
  assert.equal(lines[0], 'WEBVTT')
  assert.deepEqual(lines.slice(-3, -1), ['00:00:20.000 --> 00:00:21.000', 'a%20b%23.jpg#xywh=0,90,160,90'])
})

import assert from 'node:assert/strict'
import test from 'node:test'
import { MetadataOptions } from './options.ts'
import { metadataFile, pictureComment, tagsOf } from './tags.ts'

test('tags that are empty are left as they are, and none has signs that are not seen', () => {
  const options = MetadataOptions.parse({ title: ' a\0b\u0007 ', artist: '', description: 'x\r\ny', track: 3 })
  assert.deepEqual(tagsOf(options), [
    ['title', 'ab'],
    ['description', 'x\ny'],
    ['track', '3'],
  ])
})

test('a chapter ends where the next begins, and its title stays a title', () => {
  const { chapters } = MetadataOptions.parse({
    chapters: [
      { title: 'Two', from: '1:00' },
      { title: 'One=1;#\\\n[CHAPTER]', from: 0 },
    ],
  })
  const lines = metadataFile(chapters, 90.5).split(/\n\[CHAPTER\]\n(?=TIMEBASE)/)
  assert.equal(lines[1], 'TIMEBASE=1/1000\nSTART=0\nEND=60000\ntitle=One\\=1\\;\\#\\\\\\\n[CHAPTER]')
  assert.equal(lines[2], 'TIMEBASE=1/1000\nSTART=60000\nEND=90500\ntitle=Two\n')
})

test('a date is a year, with month and day when they are known; what is none is left out', () => {
  for (const [date, written] of [
    ['2026', '2026'],
    ['20261120', '2026-11-20'],
    ['2026-11-20T10:00:00Z', '2026-11-20'],
    ['yesterday', undefined],
  ] as const) {
    assert.equal(tagsOf(MetadataOptions.parse({ date }))[0]?.[1], written)
  }
})

test('a text that is too long is cut', () => {
  assert.equal(tagsOf(MetadataOptions.parse({ title: 'x'.repeat(1000) }))[0]?.[1].length, 500)
})

test('a picture comment has the block of FLAC', () => {
  const [, value] = pictureComment(Uint8Array.of(1, 2, 3), 'image/png')
  const block = Buffer.from(value, 'base64')
  assert.equal(block.length, 4 + 4 + 9 + 20 + 4 + 3)
  assert.deepEqual([block.readUInt32BE(0), block.readUInt32BE(37)], [3, 3])
})

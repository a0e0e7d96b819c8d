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

test('a date is a date', () => {
  assert.equal(MetadataOptions.safeParse({ date: 'yesterday' }).success, false)
})

test('a picture comment has the block of FLAC', () => {
  const [, value] = pictureComment(Uint8Array.of(1, 2, 3), 'image/png')
  const block = Buffer.from(value, 'base64')
  assert.equal(block.length, 4 + 4 + 9 + 20 + 4 + 3)
  assert.deepEqual([block.readUInt32BE(0), block.readUInt32BE(37)], [3, 3])
})

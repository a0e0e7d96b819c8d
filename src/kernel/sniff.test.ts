import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import * as fc from 'fast-check'
import { isMedia, sniffFile, sniffHead, typeOfName } from '#kernel/sniff.ts'

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
// The end-of-archive record of an empty zip would do for nobody; this is the head of a local file entry named "a".
const zip = Buffer.concat([Buffer.from('504b0304140000000000000000000000000000000000000000000100000061', 'hex')])

const cases: readonly (readonly [string, Uint8Array, string, string])[] = [
  ['content says what a wrong name hides', png, 'song.mp3', 'image/png'],
  ['content says what no name says', png, 'x', 'image/png'],
  [
    'text is named by its extension',
    Buffer.from('1\n00:00:01,000 --> 00:00:02,000\nHi\n'),
    'a.srt',
    'application/x-subrip',
  ],
  [
    'a text that is called a video is not one',
    Buffer.from('<html>login first</html>'),
    'movie.mp4',
    'application/octet-stream',
  ],
  ['a comic book is more than a zip', zip, 'a.cbz', 'application/vnd.comicbook+zip'],
  ['a zip that is called a video is a zip', zip, 'a.mp4', 'application/zip'],
  ['a drawing is more than XML', Buffer.from('<?xml version="1.0"?><svg/>'), 'a.svg', 'image/svg+xml'],
  ['nobody knows', Buffer.from('?'), 'what', 'application/octet-stream'],
  ['nothing at all', new Uint8Array(), 'a.txt', 'text/plain'],
]

for (const [title, head, name, type] of cases) {
  test(`${title}: ${name} is ${type}`, async (t) => {
    assert.equal(await sniffHead(head, name), type)
    const dir = await mkdtemp(join(tmpdir(), 'sniff-'))
    t.after(() => rm(dir, { recursive: true, force: true }))
    await writeFile(join(dir, 'file'), head)
    assert.equal(await sniffFile(join(dir, 'file'), name), type)
  })
}

test('extensions are read without case, the last one of several counts', () => {
  assert.equal(typeOfName('A.MP4'), 'video/mp4')
  assert.equal(typeOfName('a.tar.gz'), 'application/gzip')
  assert.equal(typeOfName('constructor'), undefined)
  assert.equal(typeOfName('a.constructor'), undefined)
})

test('media are audio, video and pictures', () => {
  assert.deepEqual(['audio/mpeg', 'video/mp4', 'image/png', 'text/plain', 'application/pdf'].map(isMedia), [
    true,
    true,
    true,
    false,
    false,
  ])
})

test('no bytes make it throw', async () => {
  const mark = fc.constantFrom('', 'ftyp', 'RIFF', 'PK\u0003\u0004', 'ID3', '<?xml', 'OggS', '\u001aEß£')
  await fc.assert(
    fc.asyncProperty(mark, fc.uint8Array({ maxLength: 200 }), async (head, tail) => {
      assert.match(await sniffHead(Buffer.concat([Buffer.from(head, 'latin1'), tail]), 'x.bin'), /^\w+\/./)
    }),
  )
})

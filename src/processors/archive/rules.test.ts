import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ArchiveOptions } from './options.ts'
import { archiveName, isDense, levelFor } from './rules.ts'

test('media and archives are stored, the rest is packed', () => {
  for (const type of ['video/mp4', 'audio/mpeg', 'image/jpeg', 'application/zip', 'application/x-7z-compressed']) {
    assert.equal(isDense({ type }), true, type)
  }
  for (const type of ['text/plain', 'audio/wav', 'image/svg+xml', 'image/bmp', 'application/json', '']) {
    assert.equal(isDense({ type }), false, type)
  }
  const film = { type: 'video/mp4', bytes: 95 }
  const text = { type: 'text/plain', bytes: 5 }
  assert.equal(levelFor([film, text], undefined), 0)
  assert.equal(levelFor([film, text, text, text], undefined), 5)
  assert.equal(levelFor([film], 9), 9)
})

test('the archive is called as asked, as the media, or as its first file', () => {
  const first = 'a.mp4'
  assert.equal(archiveName('zip', { name: 'Mine', title: 'T', first }), 'Mine.zip')
  assert.equal(archiveName('zip', { name: 'Mine.ZIP', first }), 'Mine.zip')
  assert.equal(archiveName('tar.gz', { name: ' ', title: 'T: 1/2', first }), 'T - 1_2.tar.gz')
  assert.equal(archiveName('7z', { first }), 'a.7z')
  assert.equal(archiveName('7z', { name: '../../etc', first }), '_.._etc.7z')
})

test('what cannot be is refused when it is saved', () => {
  for (const options of [
    { format: 'rar' },
    { level: 10 },
    { volumeBytes: '1k' },
    { archivePassword: 'a\nb' },
    { format: 'tar.gz', archivePassword: 'x' },
    { format: 'tar', encrypt: true },
    { format: 'zip', archivePassword: 'é' },
  ]) {
    assert.equal(ArchiveOptions.safeParse(options).success, false, JSON.stringify(options))
  }
  assert.equal(ArchiveOptions.parse({ format: 'tar.gz', archivePassword: 'x', encrypt: false }).format, 'tar.gz')
  assert.equal(ArchiveOptions.parse({ volumeBytes: '1m' }).volumeBytes, 1_048_576)
})

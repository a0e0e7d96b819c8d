import assert from 'node:assert/strict'
import { test } from 'node:test'
import { throughLink, tooMuch, unsafeEntry, type Entry, type Limits } from './judge.ts'
import { entriesOf } from './listing.ts'
import { apart, flatNames } from './names.ts'
import { archivesIn, isPacked } from './parts.ts'

const files = (names: readonly string[], type = 'application/octet-stream') =>
  names.map((name) => ({ name, type, bytes: 1, path: `/${name}` }))
const sets = (names: readonly string[]) =>
  archivesIn(files(names)).map(({ kind, open, missing, parts }) => [
    kind,
    open,
    parts.map(({ file }) => file.name),
    ...(missing === undefined ? [] : [missing]),
  ])

for (const [title, names, expected] of [
  [
    'volumes of RAR, in whatever order they come',
    ['b.part02.rar', 'b.part01.rar'],
    [['rar', 'archive.part01.rar', ['b.part01.rar', 'b.part02.rar']]],
  ],
  ['older volumes of RAR', ['a.r00', 'a.rar', 'a.r01'], [['rar', 'archive.rar', ['a.rar', 'a.r00', 'a.r01']]]],
  ['a cut 7z', ['x.7z.002', 'x.7z.001'], [['7z', 'archive.7z.001', ['x.7z.001', 'x.7z.002']]]],
  [
    'a cut tar.gz',
    ['x.tar.gz.001', 'x.tar.gz.002'],
    [['gzip', 'archive.tar.gz.001', ['x.tar.gz.001', 'x.tar.gz.002']]],
  ],
  ['a spanned zip', ['s.z01', 's.zip', 's.z02'], [['zip', 'archive.zip', ['s.z01', 's.z02', 's.zip']]]],
  [
    'two sets and a single one',
    ['a.part1.rar', 'b.part1.rar', 'c.rar'],
    [
      ['rar', 'archive.part1.rar', ['a.part1.rar']],
      ['rar', 'archive.part1.rar', ['b.part1.rar']],
      ['rar', 'archive.rar', ['c.rar']],
    ],
  ],
  [
    'a part in the middle is missing',
    ['b.part3.rar', 'b.part1.rar'],
    [['rar', 'archive.part1.rar', ['b.part1.rar', 'b.part3.rar'], 'b.part2.rar']],
  ],
  ['the first part is missing', ['x.7z.002'], [['7z', 'archive.7z.002', ['x.7z.002'], 'x.7z.001']]],
  ['the head of older volumes is missing', ['a.r00'], [['rar', 'archive.r00', ['a.r00'], 'a.rar']]],
  ['the head of a spanned zip is missing', ['a.z01'], [['zip', 'archive.zip', ['a.z01'], 'a.zip']]],
  [
    'parts of different folders do not mix',
    ['x/a.part1.rar', 'y/a.part2.rar'],
    [
      ['rar', 'archive.part1.rar', ['x/a.part1.rar']],
      ['rar', 'archive.part2.rar', ['y/a.part2.rar'], 'y/a.part1.rar'],
    ],
  ],
] as const) {
  test(`parts: ${title}`, () => assert.deepEqual(sets(names), expected))
}

test('parts: two archives of one name stay two', () => {
  assert.equal(archivesIn(files(['a.zip', 'a.zip'], 'application/zip')).length, 2)
})

test('parts: what is a zip inside but something else to people is left alone', () => {
  for (const [name, type] of [
    ['a.epub', 'application/epub+zip'],
    ['a.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
    ['a.mkv.001', 'application/octet-stream'],
    ['a.mp4', 'video/mp4'],
  ] as const) {
    assert.equal(isPacked({ name, type }), false, name)
  }
  assert.equal(isPacked({ name: 'no extension', type: 'application/zip' }), true)
  assert.equal(isPacked({ name: 'disc.iso', type: 'application/octet-stream' }), true)
})

const limits: Limits = { entries: 10, bytes: 1e12, fileBytes: 1000, ratio: 250 }
const entry = (path: string, more: Partial<Entry> = {}): Entry => ({
  path,
  kind: 'file',
  bytes: 1,
  isEncrypted: false,
  ...more,
})

test('entries that lead out are refused, in every spelling', () => {
  for (const path of [
    '../a',
    'a/../../b',
    '/etc/passwd',
    '\\\\server\\x',
    'C:\\a',
    'c:a',
    '..\\a',
    'a\\..\\b',
    '..',
    'a\0b',
  ]) {
    assert.match(unsafeEntry(entry(path), limits) ?? '', /leads out|NUL/, path)
  }
  assert.match(unsafeEntry(entry('x'.repeat(256)), limits) ?? '', /255 bytes/)
  assert.match(unsafeEntry(entry('é/'.repeat(1200)), limits) ?? '', /3000 bytes/)
  assert.match(unsafeEntry(entry('a', { bytes: 1001 }), limits) ?? '', /at most 1000/)
  for (const path of ['a', 'a/b', '..a', 'a..', '-rf', '.hidden', 'a b', '...']) {
    assert.equal(unsafeEntry(entry(path), limits), undefined, path)
  }
})

test('links that lead out are refused, those inside are not', () => {
  const link = (path: string, target: string) => unsafeEntry(entry(path, { kind: 'link', target }), limits)
  for (const [path, target] of [
    ['a', '/etc/passwd'],
    ['a', '..'],
    ['d/a', '../../x'],
    ['a', 'C:\\x'],
    ['a', 'b/../../c'],
  ] as const) {
    assert.match(link(path, target) ?? '', /the link .* leads out/, target)
  }
  assert.equal(link('d/a', '../x'), undefined)
  assert.equal(link('a', 'b'), undefined)
})

test('nothing is written through a link, whatever the order and the spelling', () => {
  const link = entry('dir', { kind: 'link', target: 'x' })
  for (const path of ['dir/a', './dir/a', 'DIR/a', 'dir//a', 'dir\\a', 'dir']) {
    assert.match(throughLink([link, entry(path)]) ?? '', /through a link/, path)
    assert.match(throughLink([entry(path), link]) ?? '', /through a link/, path)
  }
  assert.equal(throughLink([link, entry('direction/a'), entry('a/dir')]), undefined)
})

test('sizes are judged together with what came before', () => {
  const spent = { entries: 0, bytes: 0 }
  const mib = 1024 * 1024
  assert.equal(tooMuch(99 * mib, { packed: 1, spent, limits }), undefined)
  assert.match(tooMuch(101 * mib, { packed: 1000, spent, limits }) ?? '', /250 times/)
  assert.equal(tooMuch(101 * mib, { packed: mib, spent, limits }), undefined)
  assert.match(
    tooMuch(1, { packed: 1, spent: { entries: 0, bytes: 1e12 }, limits }) ?? '',
    /more than 1000000000000 bytes/,
  )
})

async function listed(text: string): Promise<Entry[]> {
  const chunks = [...text].map((letter) => Buffer.from(letter))
  const found: Entry[] = []
  for await (const one of entriesOf(
    (async function* () {
      yield* chunks
    })(),
  ))
    found.push(one)
  return found
}

test('listing: files, folders, links and devices are told apart', async () => {
  const text = [
    '',
    'Enter password (will not be echoed):',
    'Path = a = b.txt\nFolder = -\nSize = 12\nAttributes = A -rw-r--r--\nEncrypted = +\n',
    'Path = d\nSize = 0\nAttributes = D drwxr-xr-x\nEncrypted = -\n',
    'Path = l\nFolder = -\nSize = 11\nAttributes =  lrwxrwxrwx\n',
    'Path = t\nFolder = -\nSize = 15\nMode = lrw-r--r--\nSymbolic Link = /etc\nHard Link = \n',
    'Path = h\nSize = 0\nMode = -rw-r--r--\nSymbolic Link = \nHard Link = ../x\n',
    'Path = dev\nSize = 0\nMode = crw-r--r--\n',
    'Path = w\nSize = 0\nAttributes = DL\n',
    'Size = \nPacked Size = \n',
  ].join('\n')
  assert.deepEqual(
    (await listed(text)).map(({ path, kind, bytes, target, isEncrypted }) => [path, kind, bytes, target, isEncrypted]),
    [
      ['a = b.txt', 'file', 12, undefined, true],
      ['d', 'folder', 0, undefined, false],
      ['l', 'link', 11, undefined, false],
      ['t', 'link', 15, '/etc', false],
      ['h', 'link', 0, '../x', false],
      ['dev', 'other', 0, undefined, false],
      ['w', 'link', 0, undefined, false],
    ],
  )
})

test('listing: a comment overrules nothing that stands before it', async () => {
  const [one, ...more] = await listed(
    'Path = a\nSize = 5\nAttributes =  lrwxrwxrwx\nComment = \n{\nSize = 0\nAttributes = A\n}\n',
  )
  assert.deepEqual([one?.kind, one?.bytes, more.length], ['link', 5, 0])
})

test('names: folders become a prefix unless all share them', () => {
  assert.deepEqual(flatNames(['A/S1/1.mkv', 'A/S1/1.srt', 'A/S2/1.mkv']), ['S1 - 1.mkv', 'S1 - 1.srt', 'S2 - 1.mkv'])
  assert.deepEqual(flatNames(['A/B/x.txt']), ['x.txt'])
  assert.deepEqual(flatNames(['x.txt', 'A/x.txt']), ['x.txt', 'A - x.txt'])
  assert.deepEqual(flatNames(['a\\b.txt', 'a\\c.txt', '-rf', '.hid/con']), [
    'a - b.txt',
    'a - c.txt',
    'rf',
    'hid - _con',
  ])
  assert.ok(
    flatNames(['é'.repeat(120) + '/' + 'é'.repeat(120) + '.mp4', 'x']).every((name) => Buffer.byteLength(name) <= 255),
  )
  assert.deepEqual(apart(['a.txt', 'A.TXT', 'b']), ['a.txt', 'A (2).TXT', 'b'])
})

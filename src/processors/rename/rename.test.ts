import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newNames } from './names.ts'
import { RenameOptions } from './options.ts'
import { parseRules } from './rules.ts'

function renamed(names: readonly string[], options: unknown): readonly string[] {
  const assets = names.map((name) => ({ name, sha256: '0123456789abcdef', facts: { height: 720 } }))
  return newNames(assets, RenameOptions.parse(options))
}

for (const [title, names, options, expected] of [
  ['nothing asked changes nothing', ['a b.mp4'], {}, ['a b.mp4']],
  ['a rule removes', ['[x] a.mp4'], { rules: [{ find: '[X] ' }] }, ['a.mp4']],
  [
    'a rule minds case when asked',
    ['aA.mp4'],
    { rules: [{ find: 'a', replace: 'b', caseSensitive: true }] },
    ['bA.mp4'],
  ],
  ['a dollar in a plain rule is a dollar', ['aa.mp4'], { rules: [{ find: 'a', replace: '$1\\' }] }, ['$1_$1_.mp4']],
  [
    'a regex puts groups back',
    ['s01e02.mkv'],
    { rules: [{ find: String.raw`s(\d+)e(\d+)`, replace: '$1x$2', regex: true }] },
    ['01x02.mkv'],
  ],
  ['rules as text', ['Foo.BAR.baz.mp4'], { rules: String.raw`foo | \.// | BAR/qux/s` }, ['qux baz.mp4']],
  ['the extension is left alone', ['mp4.mp4'], { rules: 'mp4/x' }, ['x.mp4']],
  [
    'index with as many digits as needed',
    Array.from({ length: 10 }, (_, at) => `${at}.ts`),
    { template: '{index} of {count}' },
    ['01', '02', '03', '04', '05', '06', '07', '08', '09', '10'].map((at) => `${at} of 10.ts`),
  ],
  [
    'index from a number, with digits',
    ['a.x', 'b.x'],
    { template: '{index}-{stem}', from: 7, digits: 3 },
    ['007-a.x', '008-b.x'],
  ],
  [
    'facts of the media, and what stands for those missing',
    ['a.mp4'],
    { template: '{author|nobody} – {title} ({height}p)', facts: { title: 'A/B: c' } },
    ['nobody – A_B - c (720p).mp4'],
  ],
  ['a value with braces is text', ['a.mp4'], { template: '{title}', facts: { title: '{index}' } }, ['{index}.mp4']],
  ['the extension does not come twice', ['a.mp4', 'b.mp4'], { template: '{index} {name}' }, ['1 a.mp4', '2 b.mp4']],
  [
    'equal names get numbers, whatever their case',
    ['a.mp4', 'b.mp4', 'c.MP4'],
    { template: 'x' },
    ['x.mp4', 'x (2).mp4', 'x (3).MP4'],
  ],
  [
    'what belongs to a file follows it',
    ['film.en.srt', 'film.mp4', 'film.thumb.jpg', 'other.mp4'],
    { template: '{index} T' },
    ['1 T.en.srt', '1 T.mp4', '1 T.thumb.jpg', '2 T.mp4'],
  ],
  ['before and after', ['a.tar.gz'], { before: '01 ', after: ' (x)' }, ['01 a (x).tar.gz']],
  [
    'a compound extension stays whole',
    ['b.part1.rar', 'b.part2.rar'],
    { template: 'n' },
    ['n.part1.rar', 'n.part2.rar'],
  ],
  ['a name that would be nothing', ['a.mp4'], { rules: [{ find: 'a' }] }, ['file.mp4']],
  [
    'a name that would climb or be an option',
    ['a.mp4'],
    { template: '../../-rf {title}', facts: { title: 'x\0y\n/z' } },
    ['_.._-rf x y _z.mp4'],
  ],
] as const) {
  test(`rename: ${title}`, () => assert.deepEqual(renamed(names, options), expected))
}

test('rename: a name never has more than 255 bytes and keeps its extension', () => {
  const [name = ''] = renamed(['a.mp4'], { template: '{title}', facts: { title: 'é'.repeat(400) } })
  assert.ok(Buffer.byteLength(name) <= 255)
  assert.match(name, /é\.mp4$/)
})

test('rename: what cannot work is refused when it is saved', () => {
  for (const [options, message] of [
    [{ template: '{nope}' }, /\{nope\} is not known; there are name, stem/],
    [{ template: '{title' }, /a brace has no partner/],
    [{ rules: [{ find: '(', regex: true }] }, /missing/],
    [{ rules: '(a' }, /missing/],
    [{ rules: [{ find: '(?=a)', regex: true }] }, /Perl syntax/],
  ] as const) {
    const parsed = RenameOptions.safeParse(options)
    assert.match(JSON.stringify(parsed.error?.issues), message, JSON.stringify(options))
  }
})

test('rename: a pattern that hangs other engines ends at once', () => {
  const names = [`${'a'.repeat(240)}!.mp4`]
  assert.deepEqual(
    renamed(names, {
      rules: [
        { find: '(a+)+$', regex: true },
        { find: '(a*)*b', regex: true },
      ],
    }),
    names,
  )
})

test('rules as text: slashes and bars that are meant as such', () => {
  assert.deepEqual(parseRules(String.raw`a\/b/c\|d | x\|y/`), [
    { find: 'a/b', replace: 'c|d', caseSensitive: false, regex: true },
    { find: String.raw`x\|y`, replace: ' ', caseSensitive: false, regex: true },
  ])
  assert.deepEqual(parseRules(' | '), [])
})

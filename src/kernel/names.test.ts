import assert from 'node:assert/strict'
import { mkdtemp, mkdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { isAbsolute, join, normalize } from 'node:path'
import test from 'node:test'
import * as fc from 'fast-check'
import { inside, safeName, safePath, splitName, withNumber } from '#kernel/names.ts'

const hostile: readonly (readonly [string, string])[] = [
  ['', 'file'],
  ['.', 'file'],
  ['..', 'file'],
  ['...', 'file'],
  ['../../etc/passwd', '_.._etc_passwd'],
  ['..\\..\\boot.ini', '_.._boot.ini'],
  ['/etc/passwd', '_etc_passwd'],
  ['C:\\autoexec.bat', 'C__autoexec.bat'],
  ['a\0b.mp4', 'a b.mp4'],
  ['a\r\nSet-Cookie: x.mp4', 'a Set-Cookie - x.mp4'],
  ['\u202Egpj.exe', 'gpj.exe'],
  ['a\u2066b\u2069.mp4', 'ab.mp4'],
  ['-rf', 'rf'],
  ['--exec=x', 'exec=x'],
  ['. -x', 'x'],
  ['.bashrc', 'bashrc'],
  ['.jackdaw-1.part', 'jackdaw-1.part'],
  ['CON', '_CON'],
  ['nul.txt', '_nul.txt'],
  ['com1.tar.gz', '_com1.tar.gz'],
  ['LPT¹', '_LPT¹'],
  ['aux .mp4', '_aux .mp4'],
  ['console.log', 'console.log'],
  ['name. . .', 'name'],
  ['name ', 'name'],
  ['what?*<>|".mp4', "what____'.mp4"],
  ['Part 1: "Who is it?" | A | B.mp4', "Part 1 - 'Who is it' - A - B.mp4"],
  ['this / that: 5:30.mp4', 'this - that - 5_30.mp4'],
  ['nul?.txt', '_nul.txt'],
  ['e?\u0301.mp4', 'é.mp4'],
  ['.?.', 'file'],
  ['e\u0301.mp4', 'é.mp4'],
  ['e\u202E\u0301.mp4', 'é.mp4'],
  ['\uD800.mp4', '\uFFFD.mp4'],
  ['\u200B\u200B', 'file'],
  ['\u2028x', 'x'],
  ['👨‍👩‍👧.png', '👨‍👩‍👧.png'],
]

for (const [text, name] of hostile) {
  test(`the name ${JSON.stringify(text)} becomes ${JSON.stringify(name)}`, () => assert.equal(safeName(text), name))
}

test('a name of which nothing is left takes the fallback, itself made safe', () => {
  assert.equal(safeName('..', { fallback: 'video.mp4' }), 'video.mp4')
  assert.equal(safeName('..', { fallback: '../x' }), '_x')
  assert.equal(safeName('..', { fallback: '..' }), 'file')
})

test('a long name keeps its extension within 255 bytes', () => {
  assert.equal(safeName(`${'ж'.repeat(400)}.tar.gz`), `${'ж'.repeat(124)}.tar.gz`)
  assert.equal(Buffer.byteLength(safeName(`${'x'.repeat(400)}.mp4`)), 255)
})

test('a long name is not cut inside a family of emoji', () => {
  const family = '👨‍👩‍👧'
  const { stem } = splitName(safeName(`${family.repeat(30)}.png`))
  assert.equal(stem.length % family.length, 0)
})

const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.string({ unit: 'grapheme', maxLength: 400 }),
  fc.string({
    unit: fc.constantFrom('.', '/', '\\', '-', ' ', '\0', 'a', 'é', '\u202E', '\u0301', 'con', '.gz', '\n'),
  }),
  fc
    .tuple(
      fc.string({ unit: 'binary', minLength: 250, maxLength: 400 }),
      fc.constantFrom('.mp4', '.tar.gz', '. ', '.é'),
    )
    .map((parts) => parts.join('')),
)

test('whatever the text, the name is one safe segment, and making it safe again changes nothing', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const name = safeName(text)
      assert.ok(name.length > 0 && Buffer.byteLength(name) <= 255)
      assert.doesNotMatch(name, /[/\\\p{Cc}\u202A-\u202E\u2066-\u2069]/u)
      assert.doesNotMatch(name, /^[.\s-]|[.\s]$/u)
      assert.equal(name, name.normalize('NFC'))
      assert.ok(name.isWellFormed())
      assert.equal(safeName(name), name)
    }),
    { numRuns: 400 },
  )
})

test('whatever the text, the path is relative, does not climb and is safe segment by segment', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const path = safePath(text)
      assert.ok(!isAbsolute(path) && normalize(path) === path)
      for (const segment of path.split('/')) assert.equal(safeName(segment), segment)
    }),
    { numRuns: 400 },
  )
})

test('a path keeps its folders and loses its steps up', () => {
  assert.equal(safePath('a/../b\\c.mp4'), 'a/b/c.mp4')
  assert.equal(safePath('/etc//passwd'), 'etc/passwd')
  assert.equal(safePath('../..', { fallback: 'x' }), 'x')
})

test('a number goes before the extension, also a compound one', () => {
  assert.equal(withNumber('a.mp4', 2), 'a (2).mp4')
  assert.equal(withNumber('a.b.tar.gz', 3), 'a.b (3).tar.gz')
  assert.equal(withNumber('a', 2), 'a (2)')
  assert.equal(withNumber('disc.part01.rar', 2), 'disc (2).part01.rar')
  assert.equal(withNumber('disc.7z.001', 2), 'disc (2).7z.001')
  assert.equal(withNumber('Vol. 2', 2), 'Vol. 2 (2)')
  assert.equal(withNumber(`${'x'.repeat(251)}.mp4`, 12).length, 255)
})

test('a numbered safe name is still safe', () => {
  fc.assert(
    fc.property(anything, fc.integer({ min: 2, max: 9999 }), (text, number) => {
      const name = withNumber(safeName(text), number)
      assert.equal(safeName(name), name)
    }),
    { numRuns: 200 },
  )
})

test('inside follows links: a link to elsewhere is outside, a path that does not exist yet may be inside', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'names-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  await mkdir(join(dir, 'root/sub'), { recursive: true })
  await mkdir(join(dir, 'rooted'))
  await symlink('/etc', join(dir, 'root/out'))
  await symlink('sub', join(dir, 'root/in'))
  await symlink('nowhere', join(dir, 'root/dangling'))
  await symlink(join(dir, 'root'), join(dir, 'alias'))
  const root = join(dir, 'root')
  assert.equal(await inside(root, root), true)
  assert.equal(await inside(root, join(root, 'sub/new/file')), true)
  assert.equal(await inside(root, join(root, 'in/file')), true)
  assert.equal(await inside(root, join(root, 'out/file')), false)
  assert.equal(await inside(root, join(root, 'dangling')), false)
  assert.equal(await inside(root, join(dir, 'rooted')), false)
  assert.equal(await inside(root, `${root}/../rooted/x`), false)
  assert.equal(await inside(join(dir, 'alias'), join(dir, 'alias/x')), true)
  assert.equal(await inside('/', '/etc'), true)
})

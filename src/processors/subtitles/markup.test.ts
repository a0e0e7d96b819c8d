import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { parseCues } from './cues.ts'
import { safeText } from './markup.ts'
import { formats } from './write.ts'

test('words, bold, italic and underlined stay, everything else goes', () => {
  for (const [raw, clean] of [
    ['Hello <i>there</i>\n', 'Hello <i>there</i>'],
    ['<b onclick="x()">a</b>', '<b>a</b>'],
    ['<B>a', '<b>a</b>'],
    ['a</b>', 'a'],
    ['<b><i>x</b></i>', '<b><i>x</i></b>'],
    ['<font color="red">a</font><c.loud>b</c><v Bob>c', 'abc'],
    ['<script>alert(1)</script>a', 'a'],
    ['a<SCRIPT src=//x>b', 'a'],
    ['<scr<b>ipt>alert(1)</b>', '‹scr<b>ipt›alert(1)</b>'],
    ['&lt;script&gt;x&#60;/script&#x3e;', '‹script›x‹/script›'],
    ['<ruby>漢<rt>kan</rt></ruby>', '漢'],
    ['<img src=x onerror=alert(1)>', ''],
    ['3 < 4 & 5 > 4', '3 ‹ 4 & 5 › 4'],
    ['a --> b', 'a → b'],
    ['a\n\n\nb', 'a\nb'],
    ['a\0\u0007b', 'ab'],
    ['<b> </b>', ''],
    ['<00:00:01.000>karaoke', 'karaoke'],
  ] as const) {
    assert.equal(safeText(raw), clean, raw)
  }
})

test('whatever comes in, no mark comes out that is not one of three', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '/',
    'b',
    'script',
    '&lt;',
    '&#60;',
    '&',
    ';',
    '-->',
    '\n',
    ' ',
    '=',
    '"',
    'i',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const clean = safeText(pieces.join(''))
      assert.doesNotMatch(clean.replace(/<\/?[biu]>/g, ''), /[<>]/)
      assert.doesNotMatch(clean, /-->|\n\n/)
      assert.equal((clean.match(/<[biu]>/g) ?? []).length, (clean.match(/<\/[biu]>/g) ?? []).length)
      const cue = { from: 0, to: 1000, text: clean || 'x' }
      for (const { write } of Object.values(formats)) assert.equal(parseCues(write([cue])).length, 1)
    }),
  )
})

test('a long line of open brackets does not take for ever', { timeout: 30_000 }, () => {
  for (const hostile of ['<', '<a', '&', '{\\', '00:00:01 -->']) {
    parseCues(`00:00:01,000 --> 00:00:02,000\n${hostile.repeat(500_000)}`)
    parseCues(`[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,x,,0,0,0,,${hostile.repeat(500_000)}`)
  }
})

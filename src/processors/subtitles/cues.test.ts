import assert from 'node:assert/strict'
import test from 'node:test'
import { parseCues, shifted, within } from './cues.ts'
import { decodeText } from './decode.ts'
import { formats } from './write.ts'

const cues = [
  { from: 1000, to: 2500, text: 'One <i>two</i>' },
  { from: 3_723_456, to: 3_724_000, text: 'a\nb' },
]

test('SubRip, WebVTT and ASS are read, and written as they are read', () => {
  const srt =
    '\ufeff1\r\n00:00:01,000 --> 00:00:02,500\r\nOne <i>two</i>\r\n\r\n2\r\n01:02:03,456 --> 01:02:04,000\r\na\r\nb\r\n'
  const vtt =
    'WEBVTT - x\n\nSTYLE\n::cue { color: red }\n\nNOTE no\n\nid\n00:01.000 --> 00:02.500 align:start\nOne <i>two</i>\n\n01:02:03.456 --> 01:02:04.000\na\nb'
  const ass =
    '[Script Info]\n[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.50,{\\an8}One {\\i1}two{\\i0}\nComment: 0:00:01.00,0:00:02.50,no\nDialogue: 0:00:05.00,0:00:06.00,{\\p1}m 0 0\nDialogue: 1:02:03.456,1:02:04.00,a\\Nb'
  for (const text of [srt, vtt, ass]) assert.deepEqual(parseCues(text), cues)
  for (const { write } of [formats.srt, formats.vtt]) assert.deepEqual(parseCues(write(cues)), cues)
  const [, second] = parseCues(formats.ass.write(cues))
  assert.deepEqual(second, { ...cues[1], from: 3_723_450 })
})

test('cues are moved, and those that would be over before the beginning are left out', () => {
  assert.deepEqual(shifted(cues, 1.5)[0], { ...cues[0], from: 2500, to: 4000 })
  assert.deepEqual(
    shifted(cues, -2).map(({ from, to }) => [from, to]),
    [
      [0, 500],
      [3_721_456, 3_722_000],
    ],
  )
  assert.equal(shifted(cues, -3).length, 1)
})

test('what are no subtitles has no cues', () => {
  for (const text of ['', '<html><body>404</body></html>', 'x --> y\nz', '99:99 --> 1\nz']) {
    assert.deepEqual(parseCues(text), [])
  }
})

test('UTF-8, UTF-16 and old western files are read as what they are', () => {
  assert.equal(decodeText(Buffer.from('é日')), 'é日')
  assert.equal(decodeText(Buffer.from('\ufeffé', 'utf16le')), 'é')
  assert.equal(decodeText(Buffer.from([0x63, 0x61, 0x66, 0xe9, 0x92])), 'café’')
})

test('of a film that was cut, the words are cut alike and follow one another', () => {
  const cues = [
    { from: 0, to: 2000, text: 'one' },
    { from: 2000, to: 4000, text: 'two' },
    { from: 9000, to: 12_000, text: 'three' },
  ]
  assert.deepEqual(within(cues, [{ from: 1, to: 3 }, { from: 10 }]), [
    { from: 0, to: 1000, text: 'one' },
    { from: 1000, to: 2000, text: 'two' },
    { from: 2000, to: 4000, text: 'three' },
  ])
  assert.deepEqual(within(cues, [{ from: 5, to: 6 }]), [])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { readMpd } from './dash.ts'
import { readSidx } from './sidx.ts'

const url = new URL('https://media.example/x.mpd')

function read(text: string) {
  const manifest = readMpd(text, url, 0)
  return manifest.representations.map((one) => one.spans.flatMap((span) => span.pieces()))
}

function mpd(inside: string, attributes = 'mediaPresentationDuration="PT10S"'): string {
  return `<MPD ${attributes}><Period><AdaptationSet mimeType="video/mp4"><Representation id="v" bandwidth="1">${inside}</Representation></AdaptationSet></Period></MPD>`
}

const timeline = (entries: string) =>
  mpd(`<SegmentTemplate media="$Time$"><SegmentTimeline>${entries}</SegmentTimeline></SegmentTemplate>`)

const hostile: Readonly<Record<string, string>> = {
  'a billion laughs':
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><MPD><Period><AdaptationSet>&b;</AdaptationSet></Period></MPD>',
  'an entity that is a file': '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><MPD>&f;</MPD>',
  'a document type that names another': '<!DOCTYPE MPD SYSTEM "http://127.0.0.1/x.dtd"><MPD/>',
  'an unknown entity': '<MPD>&lol;</MPD>',
  'no XML': 'hello',
  'a page': '<html><body>404</body></html>',
  nothing: '',
  'elements without end': '<MPD><Period>' + '<S/>'.repeat(400_001),
  'elements inside elements': '<Period>'.repeat(100_000),
  'ten million segments by number': mpd('<SegmentTemplate media="$Number$" timescale="1000000" duration="1"/>'),
  'ten million segments by repeat': timeline('<S t="0" d="1" r="9999999"/>'),
  'ten million segments in a hundred runs': timeline('<S d="1" r="99999"/>'.repeat(100)),
  'as many as fit into a number': timeline('<S t="0" d="1" r="9007199254740991"/>'),
  'a run until the end of time': timeline('<S t="0" d="1" r="-1"/><S t="9999999999999999999" d="1"/>'),
  'segments by endNumber': mpd('<SegmentTemplate media="$Number$" duration="1" endNumber="4000000000"/>'),
  'segments of no length': mpd('<SegmentTemplate media="$Number$" duration="0"/>'),
  'a timescale of nothing': mpd('<SegmentTemplate media="$Number$" duration="1" timescale="0"/>'),
  'a duration that is a fraction of a tick': mpd('<SegmentTemplate media="$Number$" duration="0.000000001"/>'),
  'a thousand years': mpd('<BaseURL>x</BaseURL>', 'mediaPresentationDuration="P1000Y"'),
  'a period that ends before it begins':
    '<MPD><Period start="PT9S"><AdaptationSet/></Period><Period start="PT1S"/></MPD>',
  'endless periods': `<MPD>${'<Period duration="PT1S"/>'.repeat(5001)}</MPD>`,
  'a period from elsewhere':
    '<MPD xmlns:xlink="http://www.w3.org/1999/xlink"><Period xlink:href="http://127.0.0.1/more.xml"/></MPD>',
  'endless qualities': `<MPD><Period><AdaptationSet mimeType="video/mp4">${'<Representation><BaseURL>x</BaseURL></Representation>'.repeat(501)}</AdaptationSet></Period></MPD>`,
  'a file of this machine': mpd('<BaseURL>file:///etc/passwd</BaseURL>'),
  'a file as a segment': mpd('<SegmentList duration="5"><SegmentURL media="file:///etc/passwd"/></SegmentList>'),
  'a file as initialisation': mpd(
    '<SegmentList duration="5"><Initialization sourceURL="file:///etc/passwd"/><SegmentURL media="x"/></SegmentList>',
  ),
  'a script as a template': mpd('<SegmentTemplate media="javascript:$Number$" duration="1"/>'),
  'data as a segment': mpd('<SegmentList duration="5"><SegmentURL media="data:video/mp4,x"/></SegmentList>'),
  'another protocol': mpd('<BaseURL>rtmp://media.example/</BaseURL>'),
  'an address of a megabyte': mpd(`<SegmentTemplate media="${'x'.repeat(1_000_000)}$Number$" duration="1"/>`),
  'a number of a million digits': mpd('<SegmentTemplate media="$Number%0999999999d$" duration="1"/>'),
  'a range that ends before it begins': mpd('<BaseURL>x</BaseURL><SegmentBase indexRange="9-1"/>'),
  'a range beyond numbers': mpd('<BaseURL>x</BaseURL><SegmentBase indexRange="0-99999999999999999999"/>'),
}

for (const [title, text] of Object.entries(hostile)) {
  test(`refused: ${title}`, () => {
    assert.throws(
      () => read(text),
      (thrown) => isFault(thrown, 'source.malformed') && thrown.message.length < 300,
    )
  })
}

test('the same manifest in good order is taken, so that the tests above can fail', () => {
  assert.equal(read(mpd('<SegmentTemplate media="$Number$" duration="1"/>'))[0]?.length, 10)
  assert.equal(read(timeline('<S t="0" d="1" r="9"/>'))[0]?.length, 10)
  assert.equal(read(mpd('<BaseURL>x</BaseURL>')).length, 1)
})

test('a timeline that hundreds of qualities share is read once', () => {
  const entries = '<S d="1" r="1"/>'.repeat(90_000)
  const qualities = '<Representation bandwidth="1"/>'.repeat(500)
  const text = `<MPD><Period><AdaptationSet mimeType="video/mp4"><SegmentTemplate media="$Number$"><SegmentTimeline>${entries}</SegmentTimeline></SegmentTemplate>${qualities}</AdaptationSet></Period></MPD>`
  const manifest = readMpd(text, url, 0)
  assert.equal(manifest.representations.length, 500)
  assert.equal(manifest.representations[499]?.spans[0]?.count, 180_000)
})

test('text of more than 32 MiB is not read at all', () => {
  assert.throws(() => read(' '.repeat(32 * 2 ** 20 + 1)), /32/)
})

test('names from Object are names like any other', () => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const text = `<MPD><Period><AdaptationSet mimeType="video/mp4"><Representation ${name}="x" id="${name}"><SegmentTemplate media="$${name}$" duration="1"/></Representation></AdaptationSet></Period></MPD>`
    assert.throws(
      () => read(text),
      (thrown) => isFault(thrown, 'source.malformed'),
    )
  }
})

test('an index that is cut off, damaged or of another kind is told from a good one', () => {
  const good = Buffer.alloc(56)
  good.writeUInt32BE(56, 0)
  good.write('sidx', 4, 'latin1')
  good.writeUInt32BE(1000, 16) // timescale
  good.writeUInt32BE(10, 24) // first offset
  good.writeUInt16BE(2, 30)
  for (const [at, bytes, ticks] of [
    [32, 500, 4000],
    [44, 700, 2000],
  ] as const) {
    good.writeUInt32BE(bytes, at)
    good.writeUInt32BE(ticks, at + 4)
  }
  assert.deepEqual(readSidx(good, 1000), [
    { range: { from: 1066, bytes: 500 }, seconds: 4 },
    { range: { from: 1566, bytes: 700 }, seconds: 2 },
  ])
  assert.throws(
    () => readSidx(good.subarray(0, 50), 0),
    (thrown) => isFault(thrown, 'source.malformed'),
  )
  const many = Buffer.from(good)
  many.writeUInt16BE(65_535, 30)
  assert.throws(
    () => readSidx(many, 0),
    (thrown) => isFault(thrown, 'source.malformed'),
  )
  const noScale = Buffer.from(good)
  noScale.writeUInt32BE(0, 16)
  assert.throws(
    () => readSidx(noScale, 0),
    (thrown) => isFault(thrown, 'source.malformed'),
  )
  const ofIndexes = Buffer.from(good)
  ofIndexes.writeUInt32BE(0x8000_01f4, 32)
  assert.equal(readSidx(ofIndexes, 0), undefined)
  for (const other of [Buffer.alloc(0), Buffer.alloc(64), Buffer.from('1c53bb6b'.repeat(16), 'hex')]) {
    assert.equal(readSidx(other, 0), undefined)
  }
})

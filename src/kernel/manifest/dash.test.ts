import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isFault } from '@jackdaw/contract/faults.ts'
import { readMpd, type DashManifest } from './dash.ts'

const url = new URL('https://media.example/show/manifest.mpd?token=1')
const now = Date.parse('2026-01-01T00:00:00Z')

function read(inside: string, attributes = 'type="static" mediaPresentationDuration="PT10S"'): DashManifest {
  return readMpd(
    `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" ${attributes}>${inside}</MPD>`,
    url,
    now,
  )
}

/** A manifest of one representation that says this inside. */
function one(inside: string, period = '', representation = ''): string {
  return `<Period ${period}><AdaptationSet mimeType="video/mp4"><Representation id="v" bandwidth="1000" ${representation}>${inside}</Representation></AdaptationSet></Period>`
}

function pieces(manifest: DashManifest, at = 0) {
  return manifest.representations[at]?.spans.flatMap((span) => span.pieces()) ?? []
}

const short = (text: string) => text.replace('https://media.example/show/', '')
const urls = (manifest: DashManifest, at = 0) => pieces(manifest, at).map((piece) => short(piece.url))

test('a template by number has as many segments as the period needs, and the last is as long as what is left', () => {
  const manifest = read(
    one(
      '<SegmentTemplate media="$RepresentationID$/$Number%03d$-$Bandwidth$.m4s" initialization="$RepresentationID$/$$.mp4" timescale="10" duration="40" startNumber="0"/>',
    ),
  )
  assert.deepEqual(urls(manifest), ['v/000-1000.m4s', 'v/001-1000.m4s', 'v/002-1000.m4s'])
  assert.deepEqual(
    pieces(manifest).map(({ seconds }) => seconds),
    [4, 4, 2],
  )
  assert.equal(short(manifest.representations[0]?.spans[0]?.init?.url ?? ''), 'v/$.mp4')
})

test('a duration that was rounded up asks for no segment that is not there', () => {
  const template = one('<SegmentTemplate media="$Number$" timescale="30000" duration="60060"/>')
  assert.equal(urls(read(template, 'mediaPresentationDuration="PT10.0101S"')).length, 5)
  assert.equal(urls(read(template, 'mediaPresentationDuration="PT10.1S"')).length, 6)
})

test('a template by time has the times of its timeline, gaps and repeats included, above 2^53 as well', () => {
  const manifest = read(
    one(
      '<SegmentTemplate media="$Time$" timescale="10000000"><SegmentTimeline><S t="16900000000000001" d="20000000" r="1"/><S d="30000000"/><S t="16900000200000003" d="30000000"/></SegmentTimeline></SegmentTemplate>',
    ),
  )
  assert.deepEqual(urls(manifest), ['16900000000000001', '16900000020000001', '16900000040000001', '16900000200000003'])
  assert.deepEqual(
    pieces(manifest).map(({ seconds }) => seconds),
    [2, 2, 3, 3],
  )
})

test('a run without an end goes to the next or to the end of the period', () => {
  const manifest = read(
    one(
      '<SegmentTemplate media="$Number$" startNumber="5"><SegmentTimeline><S t="0" d="2" r="-1"/><S t="6" d="1" r="-1"/></SegmentTimeline></SegmentTemplate>',
    ),
  )
  assert.deepEqual(urls(manifest), ['5', '6', '7', '8', '9', '10', '11'])
})

test('the last number counts from the first', () => {
  const manifest = read(one('<SegmentTemplate media="$Number$" startNumber="5" endNumber="7" duration="1"/>'))
  assert.deepEqual(urls(manifest), ['5', '6', '7'])
})

test('a timeline at the representation replaces that of its set', () => {
  const manifest = read(
    '<Period><AdaptationSet mimeType="audio/mp4"><SegmentTemplate timescale="2" media="$Time$"><SegmentTimeline><S t="0" d="4" r="9"/></SegmentTimeline></SegmentTemplate><Representation id="a" bandwidth="1"><SegmentTemplate><SegmentTimeline><S t="7" d="2"/></SegmentTimeline></SegmentTemplate></Representation><Representation id="b" bandwidth="1"/></AdaptationSet></Period>',
  )
  assert.deepEqual(urls(manifest), ['7'])
  assert.equal(urls(manifest, 1).length, 10)
})

test('a list has addresses and ranges of its own', () => {
  const manifest = read(
    one(
      '<BaseURL>all.mp4</BaseURL><SegmentList timescale="1" duration="4"><Initialization range="0-99"/><SegmentURL mediaRange="100-199"/><SegmentURL mediaRange="200-299"/><SegmentURL media="more.mp4"/></SegmentList>',
    ),
  )
  assert.deepEqual(
    pieces(manifest).map(({ url, range, seconds }) => [short(url), range, seconds]),
    [
      ['all.mp4', { from: 100, bytes: 100 }, 4],
      ['all.mp4', { from: 200, bytes: 100 }, 4],
      ['more.mp4', undefined, 2],
    ],
  )
  assert.deepEqual(manifest.representations[0]?.spans[0]?.init?.range, { from: 0, bytes: 100 })
})

test('a file of its own is one piece, with its index when it has one', () => {
  const manifest = read(
    one('<BaseURL>film.mp4</BaseURL><SegmentBase indexRange="800-1000"><Initialization range="0-799"/></SegmentBase>'),
  )
  assert.deepEqual(urls(manifest), ['film.mp4'])
  assert.deepEqual(manifest.representations[0]?.spans[0]?.index, { from: 800, bytes: 201 })
  assert.deepEqual(urls(read(one('<BaseURL>film.mp4</BaseURL>'))), ['film.mp4'])
})

test('addresses are relative to each level, of mirrors the first is taken', () => {
  const manifest = read(
    '<BaseURL>https://cdn.example/a/</BaseURL><BaseURL>https://mirror.example/</BaseURL><Period><BaseURL>b/</BaseURL><AdaptationSet mimeType="video/mp4"><BaseURL>c/</BaseURL><Representation id="v" bandwidth="1"><BaseURL>d.mp4</BaseURL></Representation></AdaptationSet></Period>',
  )
  assert.deepEqual(urls(manifest), ['https://cdn.example/a/b/c/d.mp4'])
})

test('periods are joined in order by what is alike, and begin where they are said to', () => {
  const period = (id: string, height: number, attributes: string) =>
    one(`<SegmentTemplate media="${id}-$Number$" duration="2"/>`, attributes, `height="${height}" codecs="avc1.4d401f"`)
  const manifest = read(
    period('ad', 360, 'duration="PT2S"') + period('film', 720, 'duration="PT6S"') + period('end', 360, ''),
  )
  assert.deepEqual(urls(manifest), ['ad-1', 'film-1', 'film-2', 'film-3', 'end-1'])
  assert.deepEqual(
    manifest.representations[0]?.spans.map(({ startSeconds, seconds }) => [startSeconds, seconds]),
    [
      [0, 2],
      [2, 6],
      [8, 2],
    ],
  )
  assert.equal(manifest.representations[0]?.height, 720)
})

test('what does not go through all periods is left out', () => {
  const set = (type: string) =>
    `<AdaptationSet mimeType="${type}"><Representation id="${type[0]}" bandwidth="1"><BaseURL>x</BaseURL></Representation></AdaptationSet>`
  const manifest = read(
    `<Period duration="PT8S">${set('video/mp4')}${set('audio/mp4')}</Period><Period>${set('video/mp4')}</Period>`,
  )
  assert.deepEqual(
    manifest.representations.map(({ kind }) => kind),
    ['video'],
  )
})

test('a quality is told with all that people choose by', () => {
  const manifest = read(
    '<ProgramInformation><Title> A show </Title></ProgramInformation><Period><AdaptationSet contentType="audio" lang="de" mimeType="audio/mp4"><Role schemeIdUri="urn:mpeg:dash:role:2011" value="commentary"/><Label>Regie</Label><Representation id="a1" bandwidth="128000" codecs="mp4a.40.2"><BaseURL>a</BaseURL></Representation></AdaptationSet><AdaptationSet mimeType="video/webm"><Representation id="v1" bandwidth="900000" width="1280" height="720" frameRate="30000/1001" codecs="vp9"><BaseURL>v</BaseURL></Representation></AdaptationSet></Period>',
  )
  assert.equal(manifest.title, 'A show')
  assert.equal(manifest.seconds, 10)
  assert.deepEqual(
    manifest.representations.map((one) => JSON.parse(JSON.stringify({ ...one, spans: undefined }))),
    [
      {
        id: 'a1',
        kind: 'audio',
        type: 'audio/mp4',
        codecs: 'mp4a.40.2',
        bandwidth: 128_000,
        language: 'de',
        label: 'Regie',
        isMain: false,
      },
      {
        id: 'v1',
        kind: 'video',
        type: 'video/webm',
        codecs: 'vp9',
        bandwidth: 900_000,
        width: 1280,
        height: 720,
        framesPerSecond: 29.97,
        isMain: true,
      },
    ],
  )
})

test('ids that are not unique or not fit are replaced by numbers that stay', () => {
  const set =
    '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>x</BaseURL></Representation></AdaptationSet>'
  assert.deepEqual(
    read(`<Period>${set}${set}</Period>`).representations.map(({ id }) => id),
    ['0.0', '1.0'],
  )
})

test('encryption is told with scheme, key ids and who sells keys', () => {
  const manifest = read(
    one(
      '<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cbcs" cenc:default_KID="9EB4050D-E44B-4802-932E-27D75083E266" xmlns:cenc="urn:mpeg:cenc:2013"/><ContentProtection schemeIdUri="urn:uuid:EDEF8BA9-79D6-4ACE-A3C8-27DCD51D21ED"/><BaseURL>x</BaseURL>',
    ),
  )
  assert.deepEqual(manifest.representations[0]?.protection, {
    scheme: 'cbcs',
    kids: ['9eb4050de44b4802932e27d75083e266'],
    systems: ['Widevine'],
  })
})

test('pictures for winding forward and tiles of thumbnails are no qualities', () => {
  const manifest = read(
    '<Period><AdaptationSet mimeType="video/mp4"><EssentialProperty schemeIdUri="http://dashif.org/guidelines/trickmode" value="1"/><Representation id="t" bandwidth="1"><BaseURL>x</BaseURL></Representation></AdaptationSet><AdaptationSet mimeType="image/jpeg"><Representation id="i" bandwidth="1"><SegmentTemplate media="$Number$" duration="9"/></Representation></AdaptationSet><AdaptationSet mimeType="application/mp4" contentType="text"><Representation id="s" bandwidth="1" codecs="stpp"><BaseURL>x</BaseURL></Representation></AdaptationSet></Period>',
  )
  assert.deepEqual(
    manifest.representations.map(({ id, kind }) => [id, kind]),
    [['s', 'subtitle']],
  )
})

test('a live stream is refused while it goes on, and is taken when it is over', () => {
  const live = 'type="dynamic" availabilityStartTime="2025-12-31T23:59:00"'
  const template = one('<SegmentTemplate media="$Number$" duration="2"/>', 'start="PT0S"')
  assert.throws(
    () => read(template, live),
    (fault) => isFault(fault, 'source.not-yet'),
  )
  assert.throws(
    () => read(template, `${live} mediaPresentationDuration="PT61S"`),
    (fault) => isFault(fault, 'source.not-yet'),
  )
  assert.equal(urls(read(template, `${live} mediaPresentationDuration="PT60S"`)).length, 30)
})

test('whatever is in a manifest, it is read or refused with a fault', () => {
  const words = fc.constantFrom(
    '',
    '0',
    '1',
    '-1',
    '2',
    '1e9',
    'PT1S',
    'PT',
    'x',
    '$Number$',
    '$Time$/$',
    '0-9',
    '9-0',
    'NaN',
    '99999999999999999999',
    'video/mp4',
    '//h/x',
    'javascript:1',
  )
  const attributes = fc
    .dictionary(
      fc.constantFrom(
        'id',
        'mimeType',
        'duration',
        'start',
        'timescale',
        't',
        'd',
        'r',
        'media',
        'startNumber',
        'endNumber',
        'indexRange',
        'mediaRange',
        'initialization',
        'presentationTimeOffset',
      ),
      words,
    )
    .map((all) =>
      Object.entries(all)
        .map(([name, value]) => ` ${name}="${value}"`)
        .join(''),
    )
  const names = [
    'Period',
    'AdaptationSet',
    'Representation',
    'SegmentTemplate',
    'SegmentTimeline',
    'S',
    'SegmentList',
    'SegmentURL',
    'SegmentBase',
    'BaseURL',
  ]
  const element = (inside: fc.Arbitrary<string>) =>
    fc
      .tuple(fc.constantFrom(...names), attributes, inside)
      .map(([name, said, inside]) => `<${name}${said}>${inside}</${name}>`)
  const few = (of: fc.Arbitrary<string>) => fc.array(of, { maxLength: 3 }).map((all) => all.join(''))
  const tree = element(few(element(few(element(fc.constantFrom('', 'x', '//h/', 'file:///x'))))))
  fc.assert(
    fc.property(fc.array(tree, { maxLength: 3 }), attributes, (inside, said) => {
      try {
        const manifest = read(
          `<Period${said}><AdaptationSet mimeType="video/mp4"><Representation>${inside.join('')}</Representation></AdaptationSet></Period>`,
        )
        for (const [index] of manifest.representations.entries()) pieces(manifest, index)
      } catch (thrown) {
        assert.ok(isFault(thrown, 'source.malformed'), String(thrown))
      }
    }),
    { numRuns: 300 },
  )
})

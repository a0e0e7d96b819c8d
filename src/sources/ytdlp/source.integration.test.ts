import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Media } from '@jackdaw/contract/nouns/media.ts'
import { sourceConformance } from '#test/conformance/source.ts'
import { Pages } from '#test/fakes/pages/pages.ts'
import { TestRun } from '#test/fakes/run.ts'
import { openTools, type Tools } from '#test/fakes/tools.ts'
import { cases } from './cases.ts'
import { createYtdlpSource } from './source.ts'

const source = createYtdlpSource()
let site: Pages
let tools: Tools
before(async () => {
  site = await Pages.start()
  tools = await openTools()
})
after(async () => {
  await tools[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
})

sourceConformance(
  source,
  cases,
  () => site.link('watch.html'),
  () => tools,
)

for (const { link, why } of cases.leaves) {
  test(`ytdlp leaves ${link} to others at first: ${why}`, () =>
    assert.equal(source.claims({ kind: 'url', text: link }), 0))
}

async function resolve(link: string, options: object = {}): Promise<Media> {
  await using run = await TestRun.start({ tools })
  return await source.resolve({ kind: 'url', text: link }, source.options.parse(options), run)
}

test('a page with a film in it is that film, with picture and subtitles', async () => {
  const media = await resolve(site.link('watch.html'))
  assert.equal(media.title, 'A film')
  const [choice] = media.choices ?? []
  const [part] = choice?.parts ?? []
  assert.equal(choice?.kind, 'video')
  assert.equal(part?.transport, 'http')
  assert.equal(part.name, 'A film.mp4')
  assert.equal(part.type, 'video/mp4')
  assert.equal(part.request['url'], `${site.origin}/media/film.mp4`)
  assert.equal(part.request['home'], site.link('watch.html'))
  assert.deepEqual(Object.keys(part.request['headers'] ?? {}).toSorted(), ['referer', 'user-agent'])
  assert.equal(part.givenAt, undefined)
  assert.equal(media.validators, undefined)
  assert.equal(media.cover?.request['url'], `${site.origin}/media/cover.jpg`)
  assert.equal(media.cover.role, 'cover')
  const [subtitle] = media.subtitles ?? []
  assert.deepEqual([subtitle?.language, subtitle?.automatic, subtitle?.part.role], ['en', false, 'subtitle'])
  assert.equal(subtitle?.part.request['url'], `${site.origin}/media/film.en.vtt`)
})

test('what a page tells social networks is read', async () => {
  const media = await resolve(site.link('og.html'))
  assert.equal(media.title, 'Open Graph')
  assert.equal(media.choices?.[0]?.parts[0]?.request['url'], `${site.origin}/media/og.mp4`)
})

test('what a page tells search engines is read', async () => {
  const media = await resolve(site.link('ld.html'))
  assert.equal(media.title, 'Linked data')
  assert.equal(media.about?.durationSeconds, 90)
  assert.equal(media.about.description, 'Told to machines')
  assert.match(media.about.publishedAt ?? '', /^2024-05-06T07:08:09/)
  assert.equal(media.choices?.[0]?.parts[0]?.request['url'], `${site.origin}/media/ld.mp4`)
})

test('a stream is offered in its qualities, the best first, and moved by our own transport', async () => {
  const media = await resolve(site.link('stream.html'))
  const choices = media.choices ?? []
  assert.deepEqual(
    choices.map(({ height, framesPerSecond }) => [height, framesPerSecond]),
    [
      [360, 50],
      [180, undefined],
    ],
  )
  assert.deepEqual(
    choices.map(({ videoCodec, audioCodec, bitrate }) => [videoCodec, audioCodec, bitrate]),
    [
      ['h264', 'aac', 1_500_000],
      ['h264', 'aac', 400_000],
    ],
  )
  assert.ok(choices.every(({ parts: [part] }) => part?.transport === 'hls'))
  assert.equal(choices[0]?.parts[0]?.request['url'], `${site.origin}/high.m3u8`)
})

test('a feed is a list of links with names and numbers', async () => {
  const media = await resolve(site.link('feed.xml'))
  assert.equal(media.title, 'Thirty films')
  assert.equal(media.entries?.length, 30)
  assert.deepEqual(media.entries[4], { link: `${site.origin}/watch.html?n=5`, title: 'Film 5', index: 5 })
  assert.equal(media.entriesInAll, undefined)
})

test('of a list those members are taken that were asked for, under their numbers', async () => {
  const media = await resolve(site.link('feed.xml'), { items: '2-3,29-' })
  assert.deepEqual(
    media.entries?.map(({ title, index }) => `${title} as ${index}`),
    ['Film 2 as 2', 'Film 3 as 3', 'Film 29 as 29', 'Film 30 as 30'],
  )
  assert.equal(media.entriesInAll, 30)
})

test('numbers that a list does not have are named', async () => {
  const says = /the list has nothing numbered 99/
  await assert.rejects(resolve(site.link('feed.xml'), { items: '99' }), says)
})

test('two films on one page are a list, and each can be had', async () => {
  const media = await resolve(site.link('two.html'))
  const links = media.entries?.map(({ link }) => link) ?? []
  assert.deepEqual(links, [`${site.link('two.html')}#jackdaw-item=1`, `${site.link('two.html')}#jackdaw-item=2`])
  const second = await resolve(links[1] ?? '')
  assert.equal(second.entries, undefined)
  assert.equal(second.choices?.[0]?.parts[0]?.request['url'], `${site.origin}/media/b.mp4`)
})

test('of a list that is too long ten thousand members are taken, and it is said that there are more', async () => {
  const media = await resolve(site.link('long.xml'))
  assert.equal(media.entries?.length, 10_000)
  assert.ok((media.entriesInAll ?? 0) > 10_000)
})

for (const [page, code] of [
  ['text.html', 'source.no-media'],
  ['gone.html', 'source.gone'],
  ['busy.html', 'source.throttled'],
  ['broken.html', 'source.broken'],
  ['members.html', 'source.denied'],
] as const) {
  test(`${page} is ${code}`, async () => {
    await assert.rejects(resolve(site.link(page)), (error) => {
      assert.ok(isFault(error, code), String(error))
      return true
    })
  })
}

test('a page itself is for somebody else', async () => {
  await assert.rejects(resolve(site.link('watch.html'), { page: true }), (error) => isFault(error, 'source.declined'))
})

test('cookies open a door, and then never stand in a part', async () => {
  const cookies = '127.0.0.1\tFALSE\t/\tFALSE\t0\tdoor\topen'
  const media = await resolve(site.link('members.html'), { cookies })
  const part = media.choices?.[0]?.parts[0]
  assert.equal(part?.transport, 'ytdlp')
  assert.deepEqual(part.request, { link: site.link('members.html'), format: media.choices?.[0]?.id ?? '' })
  assert.doesNotMatch(JSON.stringify(media), /door|visit=/)
  assert.equal((await resolve(site.link('members.html'), { headers: { Cookie: 'door=open' } })).title, 'Members')
})

test('cookies that a site gives to a stranger go on with the part', async () => {
  const media = await resolve(site.link('visit.html'))
  const part = media.choices?.[0]?.parts[0]
  assert.equal(part?.transport, 'http')
  assert.match(JSON.stringify(part.request['headers']), /"cookie":"visit=7"/)
})

test('a name that was given is the name', async () => {
  const media = await resolve(site.link('watch.html'), { name: 'mine.mkv' })
  assert.equal(media.choices?.[0]?.parts[0]?.name, 'mine.mp4')
})

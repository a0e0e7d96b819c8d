import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Media } from '@jackdaw/contract/nouns/media.ts'
import { createYtdlp } from '#kernel/ytdlp/ytdlp.ts'
import { Pages } from '#test/fakes/pages/pages.ts'
import { TestRun } from '#test/fakes/run.ts'
import { openTools, type Tools } from '#test/fakes/tools.ts'
import { createYtdlpSource } from './source.ts'

const source = createYtdlpSource()
let site: Pages
/** Stands for the private network: the guard of these tests refuses its address. */
let house: Pages
let tools: Tools
before(async () => {
  site = await Pages.start()
  house = await Pages.start('127.0.0.2')
  site.leadTo(house.origin)
  tools = await openTools()
})
after(async () => {
  await tools[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
  await house[Symbol.asyncDispose]()
})

async function resolve(link: string, options: object = {}, run?: TestRun): Promise<Media> {
  await using own = run === undefined ? await TestRun.start({ tools }) : undefined
  return await source.resolve({ kind: 'url', text: link }, source.options.parse(options), run ?? own ?? assert.fail())
}

for (const page of ['moved.html', 'inside.html'] as const) {
  test(`${page} does not lead into the house`, async () => {
    await assert.rejects(resolve(site.link(page)), (error) => isFault(error, 'link.private'))
    assert.equal(house.asked.length, 0)
  })
}

test('a link into the house is refused', async () => {
  await assert.rejects(resolve(house.link('watch.html')), (error) => isFault(error, 'link.private'))
  assert.equal(house.asked.length, 0)
})

test('a page that says nothing is given up', async () => {
  const impatient = createYtdlpSource(createYtdlp({ silenceMs: 1500 }))
  await using run = await TestRun.start({ tools })
  await assert.rejects(impatient.resolve({ kind: 'url', text: site.link('silent.html') }, {}, run), (error) =>
    isFault(error, 'source.stalled'),
  )
})

test('members that are no web addresses are named, not fetched', async () => {
  const { entries = [] } = await resolve(site.link('odd.xml'))
  const links = entries.filter(({ unavailable }) => unavailable === undefined).map(({ link }) => link)
  assert.ok(
    links.every((link) => link.startsWith('http:')),
    links.join(' '),
  )
  assert.ok(links.includes(`${site.origin}/watch.html`))
  // The list that is in itself stays a link to one of its own members, which has an end.
  assert.ok(!links.includes(site.link('odd.xml')))
  assert.equal(house.asked.length, 0)
})

test('a page without an end is given up', { timeout: 60_000 }, async () => {
  const small = createYtdlpSource(createYtdlp({ memoryBytes: 150 * 1024 * 1024 }))
  await using run = await TestRun.start({ tools })
  await assert.rejects(small.resolve({ kind: 'url', text: site.link('endless.html') }, {}, run), (error) =>
    isFault(error, 'source.malformed'),
  )
})

test('texts of a site are texts: one line, no control characters, no path and no option as a name', async () => {
  const media = await resolve(site.link('script.html'))
  assert.doesNotMatch(media.title, /[\p{Cc}\u202E]/u)
  const names = (media.choices ?? []).flatMap(({ parts }) => parts.map(({ name }) => name))
  assert.equal(names.length, 1)
  for (const name of names) assert.doesNotMatch(name, /^[-.]|[/\\\p{Cc}\u202E]/u)
  assert.doesNotMatch(media.about?.description ?? '', /\p{Cc}/u)
  assert.deepEqual(media.subtitles ?? [], [])
})

test('a film that calls itself a page is a film, and a page that calls itself a film does no harm', async () => {
  const film = await resolve(`${site.origin}/poisoned.mp4`)
  assert.equal(film.choices?.length, 1)
  const page = await resolve(`${site.origin}/page.mp4`)
  assert.equal(page.choices?.[0]?.parts[0]?.transport, 'http')
})

test('no secret and no link stands in the arguments; the files are for nobody else', async () => {
  await using run = await TestRun.start({ tools })
  const from = tools.started.length
  const cookies = '127.0.0.1\tFALSE\t/\tFALSE\t0\tdoor\topen'
  await resolve(`${site.link('members.html')}?key=hush`, { cookies, user: 'me', password: `it's "hush"` }, run)
  const args = tools.started.slice(from).flatMap((one) => one.args)
  assert.doesNotMatch(args.join(' '), /hush|open|members\.html/)
  assert.ok(args.includes('--ignore-config'))
  for (const file of await readdir(run.secrets)) {
    assert.equal((await stat(join(run.secrets, file))).mode & 0o077, 0, file)
  }
  assert.match(await readFile(join(run.secrets, 'yt-dlp.conf'), 'utf8'), /--password 'it'"'"'s "hush"'/)
})

test('a header that would go to strangers is refused in words, one that is harmless is sent', async () => {
  await assert.rejects(
    resolve(site.link('watch.html'), { headers: { 'X-Token': 'hush' } }),
    (error) => isFault(error, 'input.invalid') && !/hush/.test(error.message),
  )
  await resolve(site.link('watch.html'), { headers: { 'User-Agent': 'Mine/1.0' } })
  assert.equal(site.asked.findLast(({ path }) => path === '/watch.html')?.headers['user-agent'], 'Mine/1.0')
})

test('headers of a person are in nothing that is stored in the clear', async () => {
  const headers = { 'User-Agent': 'hush/1.0', Referer: 'https://a.example/hush', 'Accept-Language': 'hush' }
  for (const page of ['watch.html', 'stream.html', 'og.html'] as const) {
    const media = await resolve(site.link(page), { headers })
    assert.ok(media.choices?.length)
    assert.doesNotMatch(JSON.stringify(media), /hush/, page)
    assert.notEqual(media.choices[0]?.parts[0]?.transport, 'ytdlp', 'at home they are sent by ours')
  }
})

test('notes that yt-dlp passes to itself are not taken from strangers', async () => {
  const smuggled = `#__youtubedl_smuggle=${encodeURIComponent(JSON.stringify({ referer: 'http://evil/' }))}`
  await resolve(site.link('watch.html') + smuggled)
  assert.notEqual(site.asked.findLast(({ path }) => path === '/watch.html')?.headers['referer'], 'http://evil/')
})

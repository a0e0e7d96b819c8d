import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Media } from '@jackdaw/contract/nouns/media.ts'
import { sourceConformance } from '#test/conformance/source.ts'
import { TestRun } from '#test/fakes/run.ts'
import { Site } from '#test/fakes/site/site.ts'
import { cases } from './cases.ts'
import { direct } from './source.ts'

let site: Site
before(async () => void (site = await Site.start()))
after(async () => await site[Symbol.asyncDispose]())

sourceConformance(direct, cases, () => site.file(1000, '', 'film.mkv'))

async function resolve(link: string, options: Parameters<typeof direct.resolve>[1] = {}): Promise<Media> {
  await using run = await TestRun.start()
  return await direct.resolve({ kind: 'url', text: link }, options, run)
}

test('one request learns name, type, length, validators and whether ranges work', async () => {
  const link = site.file(5000, 'type=video/mp4', 'film.mp4')
  const media = await resolve(link)
  const [part] = media.parts
  assert.deepEqual(media.validators, part?.request['validators'])
  assert.deepEqual(
    { name: part?.name, type: part?.type, bytes: part?.bytes, ranges: part?.request['ranges'] },
    { name: 'film.mp4', type: 'video/mp4', bytes: 5000, ranges: true },
  )
  assert.ok(media.validators?.etag && media.validators.lastModified)
  assert.equal(site.counts(link).requests, 1)
  assert.ok(site.counts(link).bytes <= 1)
})

const names: Readonly<Record<string, string>> = {
  'attachment; filename="a b.txt"': 'a b.txt',
  "attachment; filename=x; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt": 'naïve €.txt',
  'attachment; filename="../../etc/passwd"': 'passwd',
  'attachment; filename="..\\\\..\\\\boot.ini"': 'boot.ini',
  'attachment; filename=raw name without quotes.txt': 'raw name without quotes.txt',
  inline: 'film.mkv',
  'attachment; filename=""': 'film.mkv',
  'attachment; filename=".."': 'film.mkv',
}
for (const [disposition, name] of Object.entries(names)) {
  test(`the name in "${disposition}" is ${name}`, async () => {
    const media = await resolve(site.file(10, `disposition=${encodeURIComponent(disposition)}`, 'film.mkv'))
    assert.equal(media.title, name)
  })
}

test('a name given by the person comes first', async () => {
  const media = await resolve(site.file(10, 'disposition=attachment; filename="x"'), { name: 'mine.bin' })
  assert.equal(media.parts[0]?.name, 'mine.bin')
})

test('a page is declined with its type, so that others are asked for what is on it', async () => {
  await assert.rejects(
    resolve(`${site.origin}/page`),
    (error) => isFault(error, 'source.declined') && error.facts['type'] === 'text/html',
  )
})

for (const type of [
  'application/vnd.apple.mpegurl',
  'Audio/MpegURL; charset=utf-8',
  'application/dash+xml',
  'application/rss+xml',
]) {
  test(`a playlist of type ${type} is declined with its type`, async () => {
    await assert.rejects(
      resolve(site.file(10, `type=${encodeURIComponent(type)}`)),
      (error) => isFault(error, 'source.declined') && error.facts['type'] === type.split(';')[0]?.toLowerCase(),
    )
  })
}

test('a page that is handed out as a file is a file', async () => {
  const link = site.file(10, 'type=text/html&disposition=attachment; filename="report.html"')
  assert.equal((await resolve(link)).title, 'report.html')
})

test('a page that is wanted itself and has no name of its own is index.html', async () => {
  assert.equal((await resolve(`${site.origin}/`, { page: true })).title, 'index.html')
  assert.equal((await resolve(`${site.origin}/page`, { page: true })).title, 'page.html')
})

test('a percent sign that encodes nothing stays in the name', async () => {
  assert.equal((await resolve(site.file(10, '', '100%.txt'))).title, '100%.txt')
})

test('an empty file has no byte to ask for, and is a file all the same', async () => {
  assert.equal((await resolve(site.file(0))).parts[0]?.bytes, 0)
})

for (const [status, code] of [
  [404, 'source.gone'],
  [410, 'source.gone'],
  [401, 'source.denied'],
  [403, 'source.denied'],
  [451, 'source.denied'],
  [418, 'source.refused'],
  [429, 'source.throttled'],
  [503, 'source.throttled'],
  [500, 'source.broken'],
] as const) {
  test(`HTTP ${status} is ${code}`, async () => {
    await assert.rejects(resolve(`${site.origin}/status/${status}`), (error) => isFault(error, code))
  })
}

test('Retry-After counts as seconds and as a date', async () => {
  const seconds = async (value: string) => {
    const error: unknown = await resolve(site.file(10, `fail=503&retryafter=${encodeURIComponent(value)}`)).catch(
      (e: unknown) => e,
    )
    assert.ok(isFault(error, 'source.throttled'))
    return (error.retryAfterMs ?? Number.NaN) / 1000
  }
  assert.equal(await seconds('17'), 17)
  const inAnHour = await seconds(new Date(Date.now() + 3_600_000).toUTCString())
  assert.ok(inAnHour > 3500 && inAnHour <= 3601)
})

test('cookies of a Netscape file go to their host and path only', async () => {
  const file = (domain: string, path: string) => ({
    cookies: `# Netscape HTTP Cookie File\n${domain}\tFALSE\t${path}\tFALSE\t0\tdoor\topen`,
  })
  const link = site.file(10, 'cookie=door=open')
  await resolve(link, file('127.0.0.1', '/'))
  await assert.rejects(resolve(link, file('127.0.0.1', '/elsewhere')), (error) => isFault(error, 'source.denied'))
  await assert.rejects(resolve(link, file('example.org', '/')), (error) => isFault(error, 'source.denied'))
})

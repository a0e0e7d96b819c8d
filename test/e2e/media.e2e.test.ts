import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { endedStates, type JobDetail } from '@jackdaw/contract/nouns/job.ts'
import type { Wish } from '@jackdaw/contract/operations/jobs.ts'
import type { Client } from '#faces/cli/host.ts'
import { dashKey, dashKid, dashStreams, makeDash } from '#test/fakes/stream/dash.ts'
import { StreamSite } from '#test/fakes/stream/stream.ts'
import { ffmpeg, ffprobe } from '#test/ffprobe.ts'
import { installation, type Installation } from '#test/jackdaw.ts'

/** A page with one stream on it, as people open it. */
const page = (stream: string) =>
  `<!doctype html><html><head><title>A film on a page</title></head><body><video><source src="${stream}" type="application/x-mpegURL"></video></body></html>`

describe('a media site, as a person fetches from it', () => {
  const ends: (() => Promise<void>)[] = []
  let site: StreamSite
  let house: Installation
  let client: Client
  let out: string

  before(async () => {
    site = await StreamSite.start()
    await makeDash(join(site.dir, 'dash'))
    site.text('/watch.html', page('/master.m3u8'), 'text/html')
    const master = readFileSync(join(site.dir, 'master.m3u8'), 'utf8')
    const items = Array.from({ length: 30 }, (_, at) => {
      const link =
        at === 6 || at === 22 ? `${site.origin}/gone-${at + 1}.m3u8` : site.text(`/film-${at + 1}.m3u8`, master)
      return `<item><title>Film ${at + 1}</title><link>${link}</link></item>`
    })
    const feed = `<?xml version="1.0"?><rss version="2.0"><channel><title>Thirty films</title>${items.join('')}</channel></rss>`
    site.text('/feed.xml', feed, 'application/rss+xml')
    house = installation({ after: (end: () => Promise<void>) => void ends.push(end) } as never)
    await house.serve()
    client = await house.client()
    out = join(house.folder, 'out')
  })
  after(async () => {
    for (const end of ends) await end()
    await site[Symbol.asyncDispose]()
  })

  const wish = (link: string, options: Wish['options'] = {}, more: Partial<Wish> = {}): Promise<JobDetail> =>
    fetched({ link, options, destinations: [`folder:${out}`], ...more })

  async function fetched(wished: Wish): Promise<JobDetail> {
    const { id } = await client.jobs.start(wished)
    return await house.until(id, ({ state }) => endedStates.includes(state))
  }

  /** The one file that a job has brought. */
  async function delivered(link: string, options: Wish['options'], more?: Partial<Wish>): Promise<string> {
    const job = await wish(link, options, more)
    assert.equal(job.state, 'done', `${job.fault?.code}: ${job.fault?.says}`)
    assert.equal(job.receipts.length, 1)
    return job.receipts[0]?.place ?? ''
  }

  const reference = async (name: string, ...args: string[]) => {
    const path = join(house.folder, name)
    const inputs = args.flatMap((path) => ['-allowed_extensions', 'ALL', '-i', join(site.dir, path)])
    await ffmpeg(...inputs, ...args.flatMap((_, at) => ['-map', String(at)]), '-c', 'copy', path)
    return await ffprobe(path)
  }
  const same = (got: Awaited<ReturnType<typeof ffprobe>>, wanted: Awaited<ReturnType<typeof ffprobe>>) => {
    assert.deepEqual([got.streams, got.packets], [wanted.streams, wanted.packets])
    assert.ok(Math.abs(got.seconds - wanted.seconds) < 0.1, `${got.seconds} and not ${wanted.seconds} seconds`)
  }

  test('an encrypted stream in two qualities with its sound apart: the quality and the language that were asked for', async () => {
    const wanted = await reference('small.mp4', 'low/index.m3u8', 'german/index.m3u8')
    same(await ffprobe(await delivered(site.url('master'), { quality: 100, language: ['de'], name: 'small' })), wanted)
    const large = await reference('large.mp4', 'high/index.m3u8', 'english/index.m3u8')
    same(await ffprobe(await delivered(site.url('master'), { name: 'large' })), large)
  })

  test('a stream of ranges of one fragmented file', async () => {
    const wanted = await reference('ranges.mp4', 'ranges/index.m3u8')
    same(await ffprobe(await delivered(site.url('ranges'), { name: 'ranges' })), wanted)
  })

  test('a live stream is recorded across a gap', async () => {
    const link = site.live('live', { window: 4, gapAt: 3, gap: 6 })
    const got = await ffprobe(await delivered(link, { name: 'live' }))
    // Of 16 seconds some were never to be seen; the others are there, with continuous times.
    assert.ok(got.seconds > 8 && got.seconds < 16, String(got.seconds))
    assert.deepEqual(got.streams, ['h264 160x90', 'aac'])
    assert.ok((got.packets[0] ?? 0) >= Math.floor(got.seconds) * 25 - 25)
  })

  test('a DASH manifest with a template of numbers: picture and sound that come apart, in the quality that was asked for', async () => {
    const link = `${site.origin}/dash/${dashStreams.number}`
    const got = await ffprobe(await delivered(link, { quality: 'worst', name: 'dash' }))
    assert.deepEqual(got.streams, ['h264 160x90', 'aac'])
  })

  test('an encrypted one, with the key that the person has, and not without', async () => {
    const link = `${site.origin}/dash/${dashStreams.cenc}`
    const job = await wish(link, { name: 'locked' })
    assert.equal(job.fault?.code, 'source.protected')
    await client.jobs.retry({ id: job.id, secrets: { keys: [{ kid: dashKid, key: dashKey }] } })
    const again = await house.until(job.id, ({ state }) => endedStates.includes(state))
    assert.equal(again.state, 'done', again.fault?.says ?? '')
    assert.deepEqual((await ffprobe(again.receipts[0]?.place ?? '')).streams, ['h264 320x180', 'aac'])
  })

  test('a page that yt-dlp reads, in the quality that was asked for', async () => {
    const got = await ffprobe(await delivered(`${site.origin}/watch.html`, { quality: 'worst', name: 'page' }))
    assert.deepEqual(got.streams, ['h264 160x90', 'aac'])
  })

  test('a list of thirty streams of which two are gone: 28 numbered files, and a sentence that names the others', async () => {
    const job = await wish(`${site.origin}/feed.xml`, { quality: 100 })
    assert.equal(job.fault?.code, 'source.partial')
    assert.match(job.fault?.says ?? '', /^2 of 30 could not be fetched: "Film 7", "Film 23"/)
    const names = readdirSync(join(out, 'Thirty films')).toSorted()
    const numbers = Array.from({ length: 30 }, (_, at) => at + 1).filter((number) => number !== 7 && number !== 23)
    assert.deepEqual(
      names,
      numbers.map((number) => `${String(number).padStart(2, '0')} film-${number}.mp4`),
    )
    const { jobs } = await client.jobs.list({ batch: job.list ?? '', limit: 100 })
    assert.deepEqual(
      jobs.filter(({ state }) => state === 'failed').map(({ fault }) => fault?.code),
      ['source.gone', 'source.gone'],
    )
    assert.deepEqual((await ffprobe(join(out, 'Thirty films', names[0] ?? ''))).streams, ['h264 160x90', 'aac'])
    // Mended at the far side, those two are fetched and no other.
    const master = readFileSync(join(site.dir, 'master.m3u8'), 'utf8')
    for (const number of [7, 23]) site.text(`/gone-${number}.m3u8`, master)
    await client.jobs.retry({ id: job.id })
    assert.equal((await house.until(job.id, ({ state }) => endedStates.includes(state))).state, 'done')
    assert.equal(readdirSync(join(out, 'Thirty films')).length, 30)
  })

  test('the list as a text', async () => {
    const place = await delivered(`${site.origin}/feed.xml`, { list: true, items: '2-3' })
    assert.equal(place, join(out, 'Thirty films.txt'))
  })

  test('only the sound, only a stretch, with subtitles inside', async () => {
    const [sound, clip] = await Promise.all([
      delivered(site.url('master'), { audio: 'mp3', name: 'sound' }),
      delivered(site.url('master'), { clips: [{ from: 1, to: 3 }], subs: ['en'], name: 'clip' }),
    ])
    assert.deepEqual((await ffprobe(sound)).streams, ['mp3'])
    const got = await ffprobe(clip)
    assert.deepEqual(got.streams, ['h264 320x180', 'aac', 'mov_text eng'])
    assert.ok(Math.abs(got.seconds - 2) < 0.5, String(got.seconds))
  })

  test('an archive whose password was wrong is fetched once, and opened with the right one', async () => {
    const film = await delivered(
      site.url('plain'),
      { name: 'packed' },
      {
        options: { name: 'packed', steps: [{ use: 'archive', with: { format: '7z' }, optional: false }] },
        secrets: { archivePassword: 'sesame' },
      },
    )
    const archive = site.file('/film.7z', film)
    const steps = [{ use: 'extract', with: {}, optional: false }]
    const job = await wish(archive, { steps }, { secrets: { archivePassword: 'wrong' } })
    assert.equal(job.fault?.code, 'process.password')
    const asked = site.bytes
    await client.jobs.retry({ id: job.id, secrets: { archivePassword: 'sesame' } })
    const again = await house.until(job.id, ({ state }) => endedStates.includes(state))
    assert.equal(again.state, 'done', again.fault?.says ?? '')
    assert.ok(site.bytes - asked < 100, `${site.bytes - asked} bytes were sent again`)
    assert.deepEqual((await ffprobe(again.receipts[0]?.place ?? '')).streams, ['h264 160x90', 'aac'])
  })
})

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Part } from '@jackdaw/contract/nouns/media.ts'
import type { LocalAsset } from '#pipeline/engine.ts'
import type { TestRun } from '#test/fakes/run.ts'
import { streamRun } from '#test/fakes/stream/run.ts'
import { sampleKey } from '#test/fakes/stream/samples.ts'
import { StreamSite } from '#test/fakes/stream/stream.ts'
import type { Checkpoint } from './fetch.ts'
import { createHlsTransport } from './hls.ts'

let site: StreamSite
before(async () => void (site = await StreamSite.start()))
after(async () => await site[Symbol.asyncDispose]())

const hls = createHlsTransport({ stallMs: 1000, goneMs: 300, longestPauseMs: 20 })

function part(request: Part['request'], name = 'film.mp4'): Part {
  return { transport: 'hls', name, site: '127.0.0.1', request }
}

async function get(
  request: Part['request'],
  how: { name?: string; options?: object; run?: TestRun<Checkpoint> } = {},
): Promise<{ asset: LocalAsset; seen: Seen }> {
  await using own = how.run === undefined ? await streamRun<Checkpoint>() : undefined
  const run = how.run ?? own
  assert.ok(run)
  const [asset] = await hls.fetch(part(request, how.name), hls.options.parse(how.options ?? {}), run)
  assert.ok(asset)
  return {
    asset,
    seen: asset.type.startsWith('text/') ? { seconds: 0, streams: [], languages: [] } : await look(asset.path),
  }
}

interface Seen {
  readonly seconds: number
  readonly streams: readonly (string | number)[][]
  readonly languages: readonly string[]
}

/** Codec, height and decoded length in frames of each stream, and the whole length. */
async function look(path: string): Promise<Seen> {
  const args = ['-v', 'error', '-count_packets', '-of', 'json', '-show_entries']
  const entries = 'format=duration:stream=codec_name,height,nb_read_packets:stream_tags=language'
  const { stdout } = await promisify(execFile)('ffprobe', [...args, entries, path])
  // What these entries give.
  const { format, streams } = JSON.parse(stdout) as {
    format: { duration: string }
    streams: { codec_name: string; height?: number; nb_read_packets: string; tags?: { language?: string } }[]
  }
  return {
    seconds: Number(format.duration),
    languages: streams.map(({ tags }) => tags?.language ?? 'none'),
    streams: streams.map(({ codec_name, height, nb_read_packets }) => [
      codec_name,
      height ?? 0,
      Number(nb_read_packets),
    ]),
  }
}

/** What ffmpeg makes of the same playlists. */
async function reference(...links: readonly string[]): Promise<Seen> {
  await using run = await streamRun()
  const path = join(run.dir, 'reference.mp4')
  const inputs = links.flatMap((link) => ['-allowed_extensions', 'ALL', '-i', link])
  const maps = links.length > 1 ? ['-map', '0:v', '-map', '1:a'] : []
  await promisify(execFile)('ffmpeg', ['-nostdin', '-v', 'error', ...inputs, ...maps, '-c', 'copy', path])
  return await look(path)
}

function same({ seconds, streams }: Seen, expected: Seen): void {
  assert.deepEqual(streams, expected.streams)
  assert.ok(Math.abs(seconds - expected.seconds) < 0.15, `${seconds} of ${expected.seconds} seconds`)
}

for (const stream of ['plain', 'ranges'] as const) {
  test(`${stream} comes out as ffmpeg would have it`, async () => {
    same((await get({ url: site.url(stream) })).seen, await reference(site.url(stream)))
  })
}

test('picture and sound that are apart and encrypted become one file, in the quality and language asked for', async () => {
  const [url, german] = [`${site.origin}/high/index.m3u8`, `${site.origin}/german/index.m3u8`]
  const before = site.count('/key.bin')
  const { seen, asset } = await get({ url, kind: 'video', also: [{ url: german, kind: 'audio', language: 'de' }] })
  same(seen, await reference(url, german))
  assert.equal(seen.streams[0]?.[1], 180)
  assert.deepEqual(seen.languages, ['und', 'ger'])
  assert.equal(asset.name, 'film.mp4')
  assert.ok(site.count('/key.bin') - before >= 1)
})

test('a key is asked for once, however many segments it opens', async () => {
  const before = site.count('/key.bin')
  await get({ url: `${site.origin}/low/index.m3u8` })
  assert.equal(site.count('/key.bin'), before + 1)
})

test('a key of the person’s own is used instead of the site’s', async () => {
  const list = await readFile(join(site.dir, 'low/index.m3u8'), 'utf8')
  site.text('/low/closed.m3u8', list.replace('../key.bin', '/nowhere'))
  const url = `${site.origin}/low/closed.m3u8`
  await assert.rejects(get({ url }), (error) => isFault(error, 'source.gone'))
  const { seen } = await get({ url }, { options: { keys: [{ key: sampleKey.toString('hex') }] } })
  assert.deepEqual(seen.streams, [['h264', 90, 150]])
})

for (const stream of ['cut', 'maps'] as const) {
  test(`${stream}: what follows a discontinuity goes on in time`, async () => {
    const { seen, asset } = await get({ url: site.url(stream) })
    assert.equal(asset.name, 'film.mp4')
    assert.deepEqual(seen.streams[0]?.slice(0, 1), ['h264'])
    assert.equal(seen.streams[0]?.[2], 150)
    assert.ok(Math.abs(seen.seconds - 6) < 0.2, String(seen.seconds))
  })
}

test('picture and sound that are apart stay together across a discontinuity', async () => {
  const list = (kind: string) =>
    [
      '#EXTM3U\n#EXT-X-TARGETDURATION:1',
      ...[0, 1, 2].map((index) => `#EXTINF:1,\n/first/index${index}.ts?${kind}`),
      '#EXT-X-DISCONTINUITY',
      ...[0, 1, 2].map((index) => `#EXTINF:1,\n/second/index${index}.ts?${kind}`),
      '#EXT-X-ENDLIST\n',
    ].join('\n')
  const [url, sound] = [site.text('/cut-picture.m3u8', list('p')), site.text('/cut-sound.m3u8', list('s'))]
  const { seen } = await get({ url, kind: 'video', also: [{ url: sound, kind: 'audio' }] })
  assert.deepEqual(
    seen.streams.map(([codec]) => codec),
    ['h264', 'aac'],
  )
  assert.equal(seen.streams[0]?.[2], 150)
  assert.ok(Math.abs(seen.seconds - 6) < 0.2, String(seen.seconds))
})

test('sound alone is sound alone', async () => {
  const { seen, asset } = await get({ url: `${site.origin}/english/index.m3u8`, kind: 'audio' }, { name: 'song.m4a' })
  assert.deepEqual(
    seen.streams.map(([codec]) => codec),
    ['aac'],
  )
  assert.deepEqual([asset.name, asset.type], ['song.m4a', 'audio/mp4'])
})

test('subtitles in segments are one file of WebVTT', async () => {
  const url = `${site.origin}/text/index.m3u8`
  await using run = await streamRun<Checkpoint>()
  const { asset } = await get({ url, kind: 'subtitle' }, { name: 'film.en.vtt', run })
  const text = await readFile(asset.path, 'utf8')
  assert.deepEqual(text.match(/One|Two|Three/g), ['One', 'Two', 'Three'])
  assert.equal(asset.type, 'text/vtt')
})

test('a segment that fails now and then is tried again', async () => {
  site.mischief = (path, count) => {
    if (path === '/plain/index2.ts' && count % 2 === 1) return 500
    if (path === '/plain/index3.ts' && count % 2 === 1) return 'cut'
    return path === '/plain/index4.ts' && count % 2 === 1 ? 429 : undefined
  }
  try {
    const { seen } = await get({ url: site.url('plain') })
    assert.equal(seen.streams[0]?.[2], 150)
  } finally {
    site.mischief = () => undefined
  }
})

test('a segment that is not there ends it', async () => {
  site.mischief = (path) => (path === '/plain/index3.ts' ? 404 : undefined)
  try {
    await assert.rejects(get({ url: site.url('plain') }), (error) => isFault(error, 'source.gone'))
  } finally {
    site.mischief = () => undefined
  }
})

test('a second attempt asks only for what is missing', async () => {
  await using first = await streamRun<Checkpoint>()
  site.mischief = (path) => (path === '/plain/index4.ts' ? 404 : undefined)
  await assert.rejects(get({ url: site.url('plain') }, { run: first, options: { connections: 1 } }))
  site.mischief = () => undefined
  const before = site.asked.length
  await using second = await streamRun<Checkpoint>({ dir: first.dir })
  const { seen } = await get({ url: site.url('plain') }, { run: second })
  const asked = site.asked.slice(before).map(({ path }) => path)
  assert.deepEqual(asked.toSorted(), ['/plain/index.m3u8', '/plain/index4.ts', '/plain/index5.ts'])
  same(seen, await reference(site.url('plain')))
})

test('killed with -9 in the middle, the next attempt asks again for a few segments at most', async () => {
  await using run = await streamRun<Checkpoint>()
  const url = `${site.origin}/long/index.m3u8`
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../../../test/fakes/stream/child.ts'), run.dir, url],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  )
  const ended = once(child, 'exit')
  // Segments that come in no time are asked for faster than they are written.
  site.delayMs = 40
  const before = site.asked.length
  const asked = () => site.asked.slice(before).filter(({ path }) => path.endsWith('.ts')).length
  const killed = Promise.withResolvers<void>()
  site.mischief = () => {
    if (asked() >= 12) killed.resolve(void child.kill('SIGKILL'))
    return undefined
  }
  await killed.promise
  await ended
  site.delayMs = 0
  site.mischief = () => undefined
  const first = asked()
  const { seen } = await get({ url }, { run })
  assert.equal(seen.streams[0]?.[2], 400)
  // Two lanes were under way, and what had arrived may not have been written.
  assert.ok(asked() - first <= 16 - 12 + 6, `${asked() - first} of 16 were asked for again`)
})

test('a second attempt at another playlist starts over', async () => {
  await using first = await streamRun<Checkpoint>()
  site.mischief = (path) => (path === '/plain/index4.ts' ? 404 : undefined)
  await assert.rejects(get({ url: site.url('plain') }, { run: first, options: { connections: 1 } }))
  site.mischief = () => undefined
  await using second = await streamRun<Checkpoint>({ dir: first.dir })
  const { seen } = await get({ url: `${site.origin}/long/index.m3u8` }, { run: second })
  assert.equal(seen.streams[0]?.[2], 400)
})

test('it stops when told to', async () => {
  await using run = await streamRun<Checkpoint>()
  const report = run.report.bind(run)
  run.report = (progress) => {
    report(progress)
    run.abort()
  }
  await assert.rejects(get({ url: site.url('plain') }, { run }), (error) => isFault(error, 'house.stopping'))
})

test('a file over the limit is refused on the way', async () => {
  const error: unknown = await get({ url: site.url('plain') }, { options: { maxBytes: 50_000 } }).catch(
    (e: unknown) => e,
  )
  assert.ok(isFault(error, 'quota.file-size'))
})

test('progress is bytes of about as many as there will be', async () => {
  await using run = await streamRun<Checkpoint>()
  await get({ url: site.url('plain') }, { run })
  const bytes = run.reports.filter(({ unit }) => unit === 'bytes')
  const last = bytes.at(-1)
  assert.ok(last !== undefined && last.done > 50_000 && (last.of ?? 0) >= last.done)
  assert.ok(bytes.every(({ done }, index) => done >= (bytes[index - 1]?.done ?? 0)))
})

test('headers that a source gives go with every request', async () => {
  const before = site.asked.length
  await get({
    url: `${site.origin}/low/index.m3u8`,
    headers: { Referer: 'https://example.org/', 'User-Agent': 'Peculiar' },
  })
  const asked = site.asked.slice(before)
  assert.ok(asked.length > 6)
  for (const { headers } of asked) {
    assert.deepEqual([headers.referer, headers['user-agent']], ['https://example.org/', 'Peculiar'])
  }
})

test('secrets go to the site of the link, and to no other', async () => {
  await using elsewhere = await StreamSite.start(site)
  const list = await readFile(join(site.dir, 'plain/index.m3u8'), 'utf8')
  const url = site.text('/away.m3u8', list.replaceAll(/^index/gm, `${elsewhere.origin}/plain/index`))
  const before = site.asked.length
  await get({ url, home: url }, { options: { user: 'me', password: 'secret', headers: { 'X-Token': 'secret' } } })
  assert.ok(site.asked.slice(before).every(({ headers }) => headers['x-token'] === 'secret'))
  assert.ok(elsewhere.asked.length >= 6)
  assert.doesNotMatch(JSON.stringify(elsewhere.asked), /secret|authorization/)
})

test('something live is recorded across a gap until it ends', async () => {
  const { seen } = await get({ url: site.live('gap', { gapAt: 3 }) })
  // Three from the beginning, what three looks brought, and what stood behind the gap.
  assert.equal(seen.streams[0]?.[0], 'h264')
  assert.ok(seen.seconds > 8 && seen.seconds < 15, String(seen.seconds))
  assert.equal(seen.streams[0]?.[2], Math.round(seen.seconds) * 25)
})

test('something live is recorded as long as asked', async () => {
  const { seen } = await get({ url: site.live('short') }, { options: { recordSeconds: 5 } })
  assert.ok(Math.abs(seen.seconds - 5) < 0.2, String(seen.seconds))
})

test('something live whose segments claim to last no time ends when the time that was asked for has passed', async () => {
  let looks = 0
  const url = site.text('/timeless.m3u8', () => {
    looks += 1
    const list = [0, 1, 2].map((at) => `#EXTINF:0,\n/long/index${(looks + at) % 16}.ts?n=${looks + at}`)
    return ['#EXTM3U', '#EXT-X-TARGETDURATION:1', `#EXT-X-MEDIA-SEQUENCE:${looks}`, ...list, ''].join('\n')
  })
  const { seen } = await get({ url }, { options: { recordSeconds: 1 } })
  assert.equal(seen.streams[0]?.[0], 'h264')
})

test('a recording goes on where it stopped, and what it has is delivered when the far side is gone', async () => {
  const url = site.live('vanishing', { vanishes: true })
  await using first = await streamRun<Checkpoint>()
  const report = first.report.bind(first)
  first.report = (progress) => {
    report(progress)
    if (progress.done >= 5) first.abort()
  }
  await assert.rejects(get({ url }, { run: first }), (error) => isFault(error, 'house.stopping'))
  const checkpoint = first.saved.at(-1)
  assert.ok(checkpoint?.isLive)
  await using second = await streamRun<Checkpoint>({ dir: first.dir, checkpoint })
  const { seen } = await get({ url }, { run: second })
  assert.ok(seen.seconds > 12 && seen.seconds < 16, String(seen.seconds))
})

test('a site that answers in an odd way is read by the well-kept client', async () => {
  await using elsewhere = await StreamSite.start(site)
  const list = await readFile(join(site.dir, 'plain/index.m3u8'), 'utf8')
  // Every segment is behind a redirect.
  elsewhere.redirectsTo = site.origin
  const url = site.text('/moved.m3u8', list.replaceAll(/^index/gm, `${elsewhere.origin}/plain/index`))
  same((await get({ url })).seen, await reference(site.url('plain')))
  assert.ok(elsewhere.asked.length >= 6)
})

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, unlink, copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Part } from '@jackdaw/contract/nouns/media.ts'
import type { LocalAsset } from '#pipeline/engine.ts'
import { dashKey, dashKid, dashStreams, makeDash } from '#test/fakes/stream/dash.ts'
import { streamRun } from '#test/fakes/stream/run.ts'
import { StreamSite } from '#test/fakes/stream/stream.ts'
import { createDashTransport } from './dash.ts'
import type { Checkpoint } from './fetch.ts'

const exec = promisify(execFile)
const transport = createDashTransport()

let site: StreamSite
before(async () => {
  site = await StreamSite.start(undefined, (dir) => makeDash(join(dir, 'dash')))
})
after(async () => await site[Symbol.asyncDispose]())

type Stream = keyof typeof dashStreams

function part(stream: Stream | string, request: Readonly<Record<string, string>>, name = 'film.mp4'): Part {
  const path = stream in dashStreams ? dashStreams[stream as Stream] : stream
  return { transport: 'dash', name, site: '127.0.0.1', request: { url: `${site.origin}/dash/${path}`, ...request } }
}

async function fetched(part: Part, options: object = {}, look?: (asset: LocalAsset) => Promise<void>): Promise<void> {
  await using run = await streamRun<Checkpoint>()
  const stored = JSON.parse(JSON.stringify(part)) as Part // as the database gives it back
  const [asset] = await transport.fetch(stored, transport.options.parse(options), run)
  assert.ok(asset)
  await look?.(asset)
  assert.deepEqual(
    (await readdir(run.dir)).filter((name) => name.startsWith('trial') || name.startsWith('track')),
    [],
    'nothing is left behind',
  )
}

interface Streams {
  readonly kinds: readonly string[]
  readonly seconds: number
  readonly height: number | undefined
  readonly languages: readonly (string | undefined)[]
}

async function probe(path: string): Promise<Streams> {
  const args = ['-v', 'error', '-of', 'json', '-show_streams', '-show_format', path]
  const { streams, format } = JSON.parse((await exec('ffprobe', args)).stdout) as {
    streams: { codec_name: string; height?: number; tags?: { language?: string } }[]
    format: { duration: string }
  }
  return {
    kinds: streams.map(({ codec_name: name }) => name),
    seconds: Number(format.duration),
    height: streams.find(({ height }) => height !== undefined)?.height,
    languages: streams.map(({ tags }) => tags?.language),
  }
}

/** A digest of every packet of one stream, whatever its time. */
async function packets(path: string, map: string): Promise<string> {
  return (await exec('ffmpeg', ['-v', 'error', '-i', path, '-map', map, '-c', 'copy', '-f', 'streamhash', '-'])).stdout
}

const reference = () => join(site.dir, 'dash/made/all.mkv')

for (const stream of ['number', 'time', 'list', 'ranges', 'cenc', 'cbcs'] as const) {
  test(`${stream}: picture and sound that were asked for arrive, packet for packet`, async () => {
    const keys = stream === 'cenc' || stream === 'cbcs' ? { keys: [{ kid: dashKid, key: dashKey }] } : {}
    await fetched(part(stream, { video: '1', audio: '3' }), keys, async ({ path, name, type }) => {
      const seen = await probe(path)
      assert.deepEqual([seen.kinds, seen.height, seen.languages[1]], [['h264', 'aac'], 180, 'ger'])
      assert.ok(Math.abs(seen.seconds - 6) < 0.2, String(seen.seconds))
      assert.equal(await packets(path, '0:v'), await packets(reference(), '0:v:1'))
      // By number there are six segments in six seconds; what AAC has beyond them lies in a seventh.
      const isCounted = stream === 'number' || stream === 'cenc' || stream === 'cbcs'
      if (!isCounted) assert.equal(await packets(path, '0:a'), await packets(reference(), '0:a:1'))
      assert.deepEqual([name, type], ['film.mp4', 'video/mp4'])
    })
  })
}

for (const stream of ['base', 'file'] as const) {
  test(`${stream}: a file of its own arrives whole`, async () => {
    await fetched(part(stream, { video: 'video', audio: 'audio' }), {}, async ({ path }) => {
      assert.equal(await packets(path, '0:v'), await packets(reference(), '0:v:1'))
      assert.equal(await packets(path, '0:a'), await packets(reference(), '0:a:0'))
    })
  })
}

test('an index is used: its parts are asked for one by one', async () => {
  const before = site.asked.length
  await fetched(part('base', { video: 'video' }))
  const ranges = site.asked.slice(before).filter(({ path }) => path.endsWith('v.mp4'))
  assert.ok(ranges.length >= 7, `${ranges.length} requests`)
  assert.ok(ranges.every(({ headers }) => headers.range !== undefined))
})

test('sound alone becomes a file of sound', async () => {
  await fetched(part('number', { audio: '2' }, 'song.m4a'), {}, async ({ path, name, type }) => {
    assert.deepEqual([(await probe(path)).kinds, name, type], [['aac'], 'song.m4a', 'audio/mp4'])
  })
})

test('periods whose clocks begin anew come one after the other', async () => {
  await fetched(part('periods', { video: '0', audio: '1' }), {}, async ({ path }) => {
    const seen = await probe(path)
    assert.deepEqual(seen.kinds, ['h264', 'aac'])
    assert.ok(Math.abs(seen.seconds - 6) < 0.3, String(seen.seconds))
    const args = ['-v', 'error', '-count_packets', '-select_streams', 'v', '-show_entries', 'stream=nb_read_packets']
    assert.equal((await exec('ffprobe', [...args, '-of', 'csv=p=0', path])).stdout.trim(), '150')
  })
})

test('WebM stays WebM', async () => {
  await fetched(part('webm', { video: '0', audio: '1' }, 'film.webm'), {}, async ({ path, name, type }) => {
    assert.deepEqual([(await probe(path)).kinds, name, type], [['vp8', 'vorbis'], 'film.webm', 'video/webm'])
  })
})

test('a second attempt goes on where the first was', async () => {
  await using first = await streamRun<Checkpoint>()
  const wanted = part('number', { video: '1', audio: '2' })
  site.mischief = (path) => (path.includes('stream1-00004') ? 403 : undefined)
  // One after the other, so that everything before it is whole when it ends.
  const one = { connections: 1 }
  await assert.rejects(transport.fetch(wanted, one, first), (thrown) => isFault(thrown, 'source.denied'))
  const before = site.asked.length
  site.mischief = () => undefined
  const checkpoint = first.saved.at(-1)
  await using second = await streamRun<Checkpoint>({ dir: first.dir, ...(checkpoint && { checkpoint }) })
  const [asset] = await transport.fetch(wanted, {}, second)
  const again = site.asked.slice(before).filter(({ path }) => /stream1-0000[123]/.test(path))
  assert.deepEqual(again, [], 'what was here is not asked for again')
  assert.equal(await packets(asset?.path ?? '', '0:v'), await packets(reference(), '0:v:1'))
})

test('without a key nothing is fetched, and the ids of the keys are told', async () => {
  const before = site.bytes
  await assert.rejects(
    fetched(part('cenc', { video: '1', audio: '2' })),
    (thrown) => isFault(thrown, 'source.protected') && thrown.message.includes(dashKid),
  )
  assert.ok(site.bytes - before < 10_000)
})

for (const [title, keys] of Object.entries({
  'a wrong key': [{ kid: dashKid, key: dashKid }],
  'a wrong key for everything': [{ key: dashKid }],
  'a key for something else': [{ kid: dashKey, key: dashKey }],
})) {
  test(`${title} is told before the film is fetched`, async () => {
    const before = site.asked.length
    await assert.rejects(
      fetched(part('cbcs', { video: '1', audio: '2' }), { keys }),
      (thrown) => isFault(thrown, 'source.protected') && /no key/.test(thrown.message),
    )
    const asked = site.asked.slice(before).filter(({ path }) => /chunk/.test(path)).length
    assert.equal(asked, 1, 'the first segment of the first track, and no other')
  })
}

test('of several keys without an id the one that fits is found', async () => {
  const keys = [{ key: dashKid }, { key: dashKey }]
  await fetched(part('cenc', { video: '0' }), { keys }, async ({ path }) => {
    assert.equal(await packets(path, '0:v'), await packets(reference(), '0:v:0'))
  })
})

test('encrypted media whose manifest does not say so is not taken for clear', async () => {
  const path = '/dash/cenc/silent.mpd'
  const text = await (await fetch(`${site.origin}/dash/cenc/manifest.mpd`)).text()
  site.text(path, text.replaceAll(/<ContentProtection[^>]*>/g, ''), 'application/dash+xml')
  await assert.rejects(fetched(part('cenc/silent.mpd', { video: '1' })), (thrown) =>
    isFault(thrown, 'source.protected'),
  )
})

test('a quality that the manifest no longer has is gone', async () => {
  await assert.rejects(fetched(part('number', { video: '77' })), (thrown) => isFault(thrown, 'source.gone'))
})

test('a segment that is missing ends it with what the site said', async () => {
  const path = join(
    site.dir,
    'dash/list',
    (await readdir(join(site.dir, 'dash/list'))).find((name) => /stream1-00003/.test(name)) ?? '',
  )
  await copyFile(path, `${path}.kept`)
  await unlink(path)
  await assert.rejects(fetched(part('list', { video: '1' })), (thrown) => isFault(thrown, 'source.gone'))
  await copyFile(`${path}.kept`, path)
})

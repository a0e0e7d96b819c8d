import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeStreams } from './hls/streams.ts'
import { startNginx, startPaced, type BenchServer } from './http/servers.ts'
import { compare, print, type Contender } from './measure.ts'

const work = join(existsSync('/dev/shm') ? '/dev/shm' : '/tmp', `jackdaw-bench-${process.pid}`)
const ours = join(import.meta.dirname, 'hls/ours.ts')
const cache = { NODE_COMPILE_CACHE: join(work, 'compiled') }

/**
 * `npm run bench -- hls [--rounds 5] [--only fast,aes,distant]`: 200 segments, 300 MB, into a playable MP4, against yt-dlp
 * and ffmpeg.
 */
export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string', default: '5' }, only: { type: 'string', default: 'fast,aes,distant' } },
  })
  const rounds = Number(values.rounds)
  const wants = (part: string) => values.only.split(',').includes(part)
  try {
    const seconds = await makeStreams(work)
    await using server = await startNginx(work, { tls: false, sha256: '' })
    const at = (path: string) => new URL(path, server.link).href
    if (wants('fast')) {
      const link = at('/plain/index.m3u8')
      const peers = [ytdlp(link, 8, seconds), ffmpeg(link, seconds)]
      print('fast server', await compare([jackdaw(link, 'jackdaw', seconds), ...peers], rounds))
    }
    if (wants('aes')) {
      const link = at('/sealed/index.m3u8')
      const peers = [ytdlp(link, 8, seconds), ffmpeg(link, seconds)]
      print('AES-128', await compare([jackdaw(link, 'jackdaw', seconds), ...peers], rounds))
    }
    if (wants('distant')) {
      const file = join(work, 'ranges/index.ts')
      await using paced = await startPaced(work, file, { bytesPerSecond: 20e6, latencyMs: 50, sha256: '' })
      const link = at(await pointAt(paced))
      const contenders = [
        jackdaw(link, 'jackdaw', seconds),
        jackdaw(link, 'jackdaw -N 8', seconds, ['--connections', '8']),
        ytdlp(link, 8, seconds),
        ytdlp(link, 16, seconds),
        ffmpeg(link, seconds),
      ]
      print('20 MB/s each connection, 50 ms away', await compare(contenders, rounds))
    }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** The paced server has one file and no lists: the list is at the other server, and its ranges lead there. */
async function pointAt(paced: BenchServer): Promise<string> {
  const list = await readFile(join(work, 'ranges/index.m3u8'), 'utf8')
  await writeFile(
    join(work, 'ranges/distant.m3u8'),
    list.replaceAll(/^index\.ts$/gm, new URL('/file.ts', paced.link).href),
  )
  return '/ranges/distant.m3u8'
}

function jackdaw(link: string, name: string, seconds: number, more: readonly string[] = []): Contender {
  const out = join(work, 'jackdaw.mp4')
  return {
    name,
    command: [process.execPath, ours, ...more, '--cost', join(work, 'cost.json'), link, out],
    env: cache,
    inner: join(work, 'cost.json'),
    prepare: () => clear('jackdaw.mp4'),
    check: () => same(out, seconds),
  }
}

function ytdlp(link: string, lanes: number, seconds: number): Contender {
  const out = join(work, 'ytdlp.mp4')
  const how = ['-q', '--no-warnings', '--ignore-config', '--hls-prefer-native', '-N', String(lanes), '-o', out]
  return {
    name: `yt-dlp -N ${lanes}`,
    command: ['yt-dlp', ...how, link],
    prepare: () => clear('ytdlp'),
    check: () => same(out, seconds),
  }
}

function ffmpeg(link: string, seconds: number): Contender {
  const out = join(work, 'ffmpeg.mp4')
  return {
    name: 'ffmpeg -c copy',
    command: ['ffmpeg', '-nostdin', '-v', 'error', '-y', '-i', link, '-c', 'copy', out],
    prepare: () => clear('ffmpeg.mp4'),
    check: () => same(out, seconds),
  }
}

async function clear(prefix: string): Promise<void> {
  for (const name of await readdir(work)) {
    if (name.startsWith(prefix)) await rm(join(work, name), { recursive: true, force: true })
  }
}

/** Everything is in it: its length, its picture and sound, and about its bytes (a container costs little). */
async function same(path: string, seconds: number): Promise<void> {
  const args = ['-v', 'error', '-show_entries', 'format=duration:stream=codec_type', '-of', 'json', path]
  // What these entries give.
  const seen = JSON.parse(execFileSync('ffprobe', args, { encoding: 'utf8' })) as {
    format: { duration: string }
    streams: { codec_type: string }[]
  }
  const kinds = seen.streams.map(({ codec_type }) => codec_type).filter((kind) => kind !== 'data')
  const { size } = await stat(path)
  const isWhole = Math.abs(Number(seen.format.duration) - seconds) < 1 && size > 280e6
  if (!isWhole || kinds.toSorted().join() !== 'audio,video') {
    throw new Error(`${path} is not the stream: ${JSON.stringify({ ...seen, size })}`)
  }
  await rm(path)
}

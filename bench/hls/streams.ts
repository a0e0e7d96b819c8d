import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const segments = 200

/** Makes 200 segments of a second with 12 Mbit/s three times: `plain`, `sealed` (AES-128), `ranges` (of one file). */
export async function makeStreams(work: string): Promise<number> {
  for (const folder of ['plain', 'sealed', 'ranges']) await mkdir(join(work, folder), { recursive: true })
  const base = join(work, 'base.mp4')
  const seconds = 10
  ffmpeg(
    '-f',
    'lavfi',
    '-i',
    `testsrc2=size=1280x720:rate=25:duration=${seconds},noise=alls=30:allf=t`,
    '-f',
    'lavfi',
    '-i',
    `sine=frequency=440:duration=${seconds}`,
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-g',
    '25',
    '-sc_threshold',
    '0',
    '-b:v',
    '11.6M',
    '-minrate',
    '11.6M',
    '-maxrate',
    '11.6M',
    '-bufsize',
    '6M',
    '-nal-hrd',
    'cbr',
    '-c:a',
    'aac',
    '-b:a',
    '128k',
    '-t',
    String(seconds),
    base,
  )
  await writeFile(join(work, 'key.bin'), randomBytes(16))
  await writeFile(join(work, 'keyinfo'), `../key.bin\n${join(work, 'key.bin')}\n`)
  const loop = ['-stream_loop', String(segments / seconds - 1), '-i', base, '-c', 'copy']
  const hls = ['-f', 'hls', '-hls_time', '1', '-hls_playlist_type', 'vod']
  ffmpeg(...loop, ...hls, join(work, 'plain/index.m3u8'))
  ffmpeg(...loop, ...hls, '-hls_key_info_file', join(work, 'keyinfo'), join(work, 'sealed/index.m3u8'))
  ffmpeg(...loop, ...hls, '-hls_flags', 'single_file', join(work, 'ranges/index.m3u8'))
  return segments
}

function ffmpeg(...args: readonly string[]): void {
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args])
}

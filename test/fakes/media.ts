import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fileOnce } from './made-once.ts'

const run = promisify(execFile)

const pattern = (size: string, seconds: number) => [
  '-f',
  'lavfi',
  '-i',
  `testsrc=size=${size}:rate=10:duration=${seconds}`,
]
const tone = (seconds: number) => ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`]

/** Small real media, made by ffmpeg: what each recipe needs after its inputs. */
const recipes = {
  'video.mp4': [
    ...pattern('640x360', 4),
    ...tone(4),
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-c:a',
    'aac',
    '-metadata',
    'title=Test',
  ],
  'tiny.mp4': [
    ...pattern('64x36', 2),
    ...tone(2),
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-g',
    '10',
    '-pix_fmt',
    'yuv420p',
    '-c:a',
    'aac',
  ],
  'short.webm': [...pattern('64x64', 0.3), '-c:v', 'libvpx', '-b:v', '100k'],
  'wide.mkv': [...pattern('64x48', 1), '-vf', 'setsar=2', '-c:v', 'libx264', '-preset', 'ultrafast'],
  'video.ts': [...pattern('64x64', 1), '-c:v', 'libx264', '-preset', 'ultrafast'],
  'song.mp3': [...tone(1), '-metadata', 'artist=Nobody'],
  'song.flac': [...tone(1)],
  'covered.mp3': [
    ...tone(1),
    ...pattern('300x200', 0.1),
    '-map',
    '0:a',
    '-map',
    '1:v',
    '-frames:v',
    '1',
    '-c:v',
    'mjpeg',
    '-disposition:v',
    'attached_pic',
  ],
  'picture.jpg': [...pattern('1000x500', 0.1), '-frames:v', '1'],
  'small.png': [...pattern('31x17', 0.1), '-frames:v', '1'],
  'moving.gif': [...pattern('64x64', 0.5)],
} as const

export type Sample = keyof typeof recipes

/** Makes a sample in a folder, under its own name or another, and returns its path. */
export async function sample(dir: string, kind: Sample, name: string = kind): Promise<string> {
  const path = join(dir, name)
  const extension = kind.slice(kind.lastIndexOf('.') + 1)
  const muxer = { mkv: ['matroska'], ts: ['mpegts'], jpg: ['mjpeg'], png: ['image2pipe', '-c:v', 'png'] }[
    extension
  ] ?? [extension]
  const args = ['-nostdin', '-v', 'error', '-y', ...recipes[kind], '-f', ...muxer]
  await fileOnce(args, path, (at) => run('ffmpeg', [...args, `file:${at}`]))
  return path
}

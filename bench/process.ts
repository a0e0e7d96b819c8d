import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compare, print, type Contender } from './measure.ts'

const work = join(existsSync('/dev/shm') ? '/dev/shm' : '/tmp', `jackdaw-bench-${process.pid}`)
const ours = join(import.meta.dirname, 'process/ours.ts')
const out = join(work, 'out')
const film = join(work, 'film.mp4')
const seconds = 120
const quiet = ['-nostdin', '-v', 'error', '-y']

/**
 * `npm run bench -- process [--rounds 3] [--only sprite,thumbnail,clips,batch]`: what is asked of a film, against ffmpeg as
 * one calls it by hand. "resident" is our part without the start of Node, which a house pays once.
 */
export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: 'sprite,thumbnail,clips,batch' },
    },
  })
  const rounds = Number(values.rounds)
  const parts = { sprite, thumbnail, clips, batch }
  await mkdir(out, { recursive: true })
  try {
    makeFilm(film, seconds, '1280x720')
    for (const [name, part] of Object.entries(parts)) if (values.only.split(',').includes(name)) await part(rounds)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** A hundred pictures of a film: of its key frames, or of all frames. */
async function sprite(rounds: number): Promise<void> {
  const to = ['-frames:v', '1', join(out, 'film.sprite.jpg')]
  const strip = ['-i', film, '-vf', `fps=1/${seconds / 100},scale=160:90,tile=10x10`, ...to]
  const made = () => has('film.sprite.jpg')
  const contenders = [
    jackdaw('jackdaw sprite', ['sprite', '{}', out, film], made),
    ffmpeg('ffmpeg, key frames', ['-skip_frame', 'nokey', ...strip], made),
    ffmpeg('ffmpeg, all frames', strip, made),
  ]
  print(`sprite of ${seconds} s at 720p`, await compare(contenders, rounds))
}

/** One frame near the end: sought in the input, or decoded up to it. */
async function thumbnail(rounds: number): Promise<void> {
  const at = String(seconds * 0.9)
  const shot = ['-frames:v', '1', '-vf', 'scale=480:-2', join(out, 'film.thumb.jpg')]
  const made = () => has('film.thumb.jpg')
  const options = JSON.stringify({ atSeconds: Number(at) })
  const contenders = [
    jackdaw('jackdaw thumbnail', ['thumbnail', options, out, film], made),
    ffmpeg('ffmpeg -ss -i', ['-ss', at, '-i', film, ...shot], made),
    ffmpeg('ffmpeg -i -ss', ['-i', film, '-ss', at, ...shot], made),
  ]
  print('thumbnail near the end', await compare(contenders, rounds))
}

/** Five clips by copy: one start, or one for each, as yt-dlp does for its sections too. */
async function clips(rounds: number): Promise<void> {
  const ranges = [5, 25, 50, 75, 100].map((from) => ({ from, to: from + 8 }))
  const loop = ranges.map(({ from }) =>
    ['ffmpeg', ...quiet, '-ss', from, '-t', 8, '-i', film, '-c', 'copy', join(out, `clip-${from}.mp4`)].join(' '),
  )
  const contenders = [
    jackdaw('jackdaw trim', ['trim', JSON.stringify({ ranges }), out, film], () => has(...numbered(5))),
    shell('ffmpeg per clip', loop.join(' && '), () => has(...numbered(5))),
  ]
  print('five clips by copy', await compare(contenders, rounds))
}

/** A hundred short films into another container. */
async function batch(rounds: number): Promise<void> {
  const films = join(work, 'films')
  await mkdir(films)
  const first = join(films, '0.mp4')
  makeFilm(first, 2, '160x90')
  const paths = Array.from({ length: 100 }, (_, index) => join(films, `${index}.mp4`))
  for (const path of paths.slice(1)) execFileSync('cp', [first, path])
  await writeFile(join(work, 'names'), paths.map((_, index) => `${index}\n`).join(''))
  const one = `ffmpeg ${quiet.join(' ')} -i ${films}/$1.mp4 -map 0 -c copy ${out}/$1.mkv`
  const made = () => has(...numbered(100))
  const cores = String(availableParallelism())
  const contenders = [
    jackdaw('jackdaw, one by one', ['remux', '{"container":"mkv"}', out, ...paths], made),
    jackdaw(`jackdaw, ${cores} at once`, ['remux', '{"container":"mkv"}', out, ...paths, '--at-once', cores], made),
    jackdaw('jackdaw, known', ['remux', '{"container":"mkv"}', out, ...paths, '--known'], made),
    shell('shell loop', `for i in $(cat ${work}/names); do set -- $i; ${one} || exit 1; done`, made),
    shell(`xargs -P${cores}`, `xargs -P${cores} -n1 sh -c '${one}' x < ${work}/names`, made),
  ]
  print('a hundred short films, mp4 to mkv', await compare(contenders, rounds))
}

function jackdaw(name: string, args: readonly string[], check: () => Promise<void>): Contender {
  const cost = join(work, 'cost.json')
  const env = { NODE_COMPILE_CACHE: join(work, 'compiled') }
  return { name, command: [process.execPath, ours, '--cost', cost, ...args], env, inner: cost, prepare: clear, check }
}

function ffmpeg(name: string, args: readonly string[], check: () => Promise<void>): Contender {
  return { name, command: ['ffmpeg', ...quiet, ...args], prepare: clear, check }
}

function shell(name: string, script: string, check: () => Promise<void>): Contender {
  return { name, command: ['sh', '-c', script], prepare: clear, check }
}

async function clear(): Promise<void> {
  await rm(out, { recursive: true, force: true })
  await mkdir(out)
}

/** Names, or as many as there are to be where names differ. */
function numbered(count: number): readonly string[] {
  const names = readdirSync(out).filter((name) => /\.(?:mp4|mkv)$/.test(name))
  if (names.length !== count) throw new Error(`${names.length} of ${count} files were made`)
  return names
}

async function has(...names: readonly string[]): Promise<void> {
  for (const name of names) if (statSync(join(out, name)).size === 0) throw new Error(`${name} is empty`)
}

/** A film with much movement and a key frame every four seconds. */
function makeFilm(path: string, length: number, size: string): void {
  const sources = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=${length}`]
  const sound = ['-f', 'lavfi', '-i', `sine=duration=${length}`]
  const coding = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '100', '-pix_fmt', 'yuv420p', '-c:a', 'aac']
  execFileSync('ffmpeg', [...quiet, ...sources, ...sound, ...coding, path])
}

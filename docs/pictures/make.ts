import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { screenToSvg } from './screen.ts'
import { startSite } from './site.ts'

/**
 * Makes the pictures of the guide that show the terminal: real commands in a real one (tmux), on a site of our own at port
 * 8000. Give the names of those to make, or nothing for all. Needs tmux, ffmpeg and yt-dlp.
 */
const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const columns = 108

interface Picture {
  readonly name: string
  readonly command: string
  /** The picture is taken once the screen shows this, */
  readonly until: RegExp
  /** and these keys were pressed then. */
  readonly keys?: readonly string[]
  /** Run to its end before, so that it stands above. */
  readonly before?: string
}

const pictures: readonly Picture[] = [
  {
    name: 'get-one',
    before: 'jackdaw get http://127.0.0.1:8000/harbour --quality 240',
    command: 'jackdaw get http://127.0.0.1:8000/harbour --name "Harbour.mp4" --to library',
    until: /█{8,}░+ +\d\d%/,
  },
  {
    name: 'get-list',
    command: 'jackdaw get http://127.0.0.1:8000/course --items 1-12',
    until: /(%.*fetch[^]*){3} [4-9]\/12 items/,
  },
  {
    name: 'get-failure',
    before: 'jackdaw get http://127.0.0.1:8000/lecture-7',
    command: 'jackdaw get http://127.0.0.1:8000/secret',
    until: /source\.(denied|login)[^]*\$ $/,
  },
  {
    name: 'get-choose',
    command: 'jackdaw get http://127.0.0.1:8000/harbour.m3u8 --choose --name "Harbour at dawn"',
    until: /Enter takes it/,
    keys: ['Down'],
  },
]

const asked = process.argv.slice(2)
// The database has a user of its own where we are root: it must be able to come here.
const dir = await mkdtemp('/var/tmp/jd-')
const socket = `jackdaw-pictures-${process.pid}`
const tmux = async (...args: string[]) => (await run('tmux', ['-L', socket, ...args])).stdout
try {
  await run('chmod', ['755', dir])
  await mkdir(join(dir, 'site'))
  await using _ = await startSite(join(dir, 'site'))
  for (const picture of pictures.filter(({ name }) => asked.length === 0 || asked.includes(name))) await take(picture)
} finally {
  await tmux('kill-server').catch(() => undefined)
  await rm(dir, { recursive: true, force: true })
}

async function take({ name, before, command, until, keys = [] }: Picture): Promise<void> {
  const films = join(dir, 'films')
  await mkdir(films, { recursive: true })
  const env = {
    PATH: `${root}/node_modules/.bin:${process.env['PATH']}`,
    JACKDAW_DATA: join(dir, 'data'),
    JACKDAW_NET_ALLOW: '127.0.0.1',
  }
  const given = Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`])
  const size = ['-x', String(columns), '-y', '24']
  await tmux('new-session', '-d', '-s', name, ...size, '-c', films, ...given, 'bash --norc --noprofile')
  const type = async (text: string) => {
    await tmux('send-keys', '-t', name, '-l', text)
    await tmux('send-keys', '-t', name, 'Enter')
  }
  await type(`jackdaw() { node ${root}/src/main/cli.ts "$@"; }; PS1='$ '; clear`)
  await shows(name, /^\$ $/)
  if (before !== undefined) {
    await type(before)
    await shows(name, /\d (done|failed)[^]*\$ $/)
  }
  await type(command)
  await shows(name, until)
  for (const key of keys) await tmux('send-keys', '-t', name, key)
  await sleep(keys.length > 0 ? 500 : 0)
  const captured = await tmux('capture-pane', '-e', '-p', '-t', name)
  await writeFile(join(import.meta.dirname, `${name}.svg`), screenToSvg(captured, columns))
  await tmux('send-keys', '-t', name, 'C-c')
  await shows(name, /\$ $/)
  await tmux('kill-session', '-t', name).catch(() => undefined)
  await rm(films, { recursive: true, force: true })
}

async function shows(name: string, pattern: RegExp): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50)) {
    const screen = await tmux('capture-pane', '-p', '-t', name)
    if (pattern.test(`${screen.trimEnd()} `)) return
  }
  throw new Error(`the screen of ${name} does not show ${pattern}:\n${await tmux('capture-pane', '-p', '-t', name)}`)
}

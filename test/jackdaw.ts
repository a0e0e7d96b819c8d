import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { JobDetail } from '@jackdaw/contract/nouns/job.ts'
import type { Client } from '#faces/cli/host.ts'
import { connect } from '#main/connect.ts'
import type { After } from '#test/postgres.ts'

const cli = join(import.meta.dirname, '../src/main/cli.ts')

/** One `jackdaw …` as a process of its own. */
export interface Running {
  readonly child: ChildProcess
  readonly pid: number
  /** What it has written so far. */
  out(): string
  err(): string
  /** Its stdout as one JSON value per line. */
  json(): Record<string, unknown>[]
  /** Waits until stdout or stderr matches; fails when it ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  /** Exit code, or the signal that ended it, once its output is read. */
  readonly exit: Promise<number | string>
  kill(signal: NodeJS.Signals): void
}

/** A data folder and the processes on it; everything is killed and removed when `t` ends. */
export interface Installation {
  /** Holds `data` and whatever a test puts beside it. */
  readonly folder: string
  readonly data: string
  run(argv: readonly string[], env?: Record<string, string>): Running
  /** `serve` on a free port, once it listens (or works). */
  serve(argv?: readonly string[], env?: Record<string, string>): Promise<Running>
  /** A client of the server that runs now. */
  client(): Promise<Client>
  /** Waits until the job satisfies the question. */
  until(id: string, asked: (job: JobDetail) => boolean): Promise<JobDetail>
  /** Every process that works in this folder, has it in its arguments or carries it in its environment. */
  processes(): string[]
  /** Paths below `data/<name>`. */
  files(name: string): string[]
}

/** `where`: an existing folder instead of a fresh one (a small disk, say); it is emptied by its owner. */
export function installation(t: After, env: Record<string, string> = {}, where?: string): Installation {
  const folder = where ?? mkdtempSync(join(tmpdir(), 'jackdaw-e2e-'))
  // The database's own user must pass through.
  if (where === undefined) chmodSync(folder, 0o755)
  const data = join(folder, 'data')
  const started: Running[] = []
  t.after(async () => {
    for (const one of started) one.kill('SIGKILL')
    await Promise.allSettled(started.map((one) => one.exit))
    for (const line of processesIn(folder)) end(Number(line.split(' ')[0]))
    await until(() => processesIn(folder).length === 0, 'everything is gone')
    if (where === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const run: Installation['run'] = (argv, more = {}) => {
    const one = start(argv, folder, {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      JACKDAW_DATA: data,
      JACKDAW_NET_ALLOW: '127.0.0.0/8',
      ...env,
      ...more,
    })
    started.push(one)
    return one
  }
  const client = async () => (await until(() => connect(data), 'a server answers')).client
  return {
    folder,
    data,
    run,
    async serve(argv = [], more = {}) {
      const one = run(['serve', ...(argv.includes('--port') ? [] : ['--port', '0']), ...argv], more)
      await one.says(/^Jackdaw (listens|works)/m)
      return one
    },
    client,
    until: (id, asked) =>
      until(async () => {
        try {
          const job = await (await client()).jobs.get({ id })
          return asked(job) ? job : undefined
        } catch (error) {
          // A house or a database that is away is what some tests are about.
          if (isFault(error) && error.next === 'retry') return undefined
          throw error
        }
      }, `job ${id} is as wanted`),
    processes: () => processesIn(folder),
    files: (name) => {
      try {
        return readdirSync(join(data, name), { recursive: true }).map(String)
      } catch {
        return [] // never made
      }
    },
  }
}

/** Asks again and again until the answer is truthy: for what other processes do, where no event can be awaited. */
export async function until<T>(
  ask: () => T | Promise<T>,
  what: string,
  withinMs = 60_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer) return answer as Exclude<T, undefined | false>
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await sleep(25)
  }
}

/** A small repeatable source of chance (mulberry32), 0 ≤ x < 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}

function start(argv: readonly string[], cwd: string, env: Record<string, string>): Running {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', cli, ...argv], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  const exit = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  let ended = false
  void exit.then(() => (ended = true))
  return {
    child,
    pid: child.pid ?? 0,
    out: () => said.out,
    err: () => said.err,
    json: () =>
      said.out
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    async says(pattern) {
      const look = () => pattern.exec(said.out) ?? pattern.exec(said.err)
      return await until(
        () => {
          const found = look()
          if (!found && ended) assert.fail(`jackdaw ${argv.join(' ')} ended:\n${said.out}${said.err}`)
          return found ?? undefined
        },
        `${argv.join(' ')} says ${pattern}`,
      )
    },
    exit,
    kill: (signal) => void child.kill(signal),
  }
}

function processesIn(folder: string): string[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid)
    .flatMap((pid) => {
      try {
        if (readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')) return []
        const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim()
        const traces = [readlinkSync(`/proc/${pid}/cwd`), command, readFileSync(`/proc/${pid}/environ`, 'latin1')]
        return traces.some((trace) => trace.includes(folder)) ? [`${pid} ${command}`] : []
      } catch {
        return [] // gone meanwhile, or somebody else's
      }
    })
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // gone by itself
  }
}

import { spawn, type ChildProcess } from 'node:child_process'
import { setPriority } from 'node:os'
import { PassThrough, Writable, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '@jackdaw/contract/faults.ts'
import { identify } from './identity.ts'
import { groupLives, killGroup, markName, type ChildRecord } from './orphans.ts'
import { collect, lastLines, tap } from './output.ts'
import { findExecutable, missingTool } from './tools.ts'

/** A running external program in its own process group; abort kills the whole group. */
export interface Child {
  readonly pid: number
  /** Must be read (or `text` called): a tool whose output nobody takes stands still. */
  readonly stdout: Readable
  /** May be left alone: what is not read beyond 1 MiB is dropped. */
  readonly stderr: Readable
  /** Resolves on exit 0; throws `house.tool-failed` with the last lines of stderr otherwise, the signal's reason on abort. */
  readonly done: Promise<void>
  /** The whole of stdout as UTF-8 text, at most 64 MiB, after `done`. */
  text(): Promise<string>
}

export interface SpawnOptions {
  /** Its name in the tool catalogue. */
  readonly tool: string
  /** Where it is, or its name on the PATH. */
  readonly path: string
  readonly args: readonly string[]
  /** Also its HOME and TMPDIR. */
  readonly cwd: string
  /** PATH: where it and what it calls are looked for. */
  readonly searchPath: string
  /** TZ; the machine's when absent. */
  readonly timeZone?: string
  /** Added to PATH, HOME, LANG, TMPDIR and TZ, which is all that it gets otherwise. */
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: Readable
  /** Further inputs, from descriptor 3 on. */
  readonly inputs?: readonly Readable[]
  readonly signal: AbortSignal
  /** Names the step and its attempt in the environment, so that orphans are found. */
  readonly mark: string
  /** Written before the tool: see `deathWatch`. */
  readonly launcher?: readonly string[]
  /** 10 for work that may take long: it yields to the house. */
  readonly niceness?: number
  /** Never shown in faults. */
  readonly secrets?: readonly string[]
  /** Awaited before the child is handed out; when it throws, the child is killed. */
  readonly onSpawn?: (record: ChildRecord) => Promise<void> | void
  /** Between SIGTERM and SIGKILL. 2 s. */
  readonly graceMs?: number
}

/** Starts a tool: no shell, a clean environment, a process group of its own. Faults: `house.missing-tool`. */
export async function spawnChild(options: SpawnOptions): Promise<Child> {
  const { tool, signal, secrets = [] } = options
  signal.throwIfAborted()
  const path = await findExecutable(options.path, options.searchPath)
  if (path === undefined) throw missingTool(tool)
  const [command = path, ...args] = [...(options.launcher ?? []), path, ...options.args]
  const child = spawn(command, args, {
    cwd: options.cwd,
    detached: true,
    env: environment(options),
    stdio: [options.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe', ...(options.inputs ?? []).map(() => 'pipe' as const)],
  })
  const { pid } = child
  if (pid === undefined || !child.stdout || !child.stderr) throw await failedToStart(child, tool)
  // Of its own, because Node throws away what nobody reads of a child's stdout once the child has exited.
  const stdout = new PassThrough({ highWaterMark: 256 * 1024 })
  pipeline(child.stdout, stdout).catch(() => undefined)

  const failure = new AbortController()
  const stop = AbortSignal.any([signal, failure.signal])
  const stderr = tap(child.stderr)
  const exited = exit(child)
  const ending = Promise.withResolvers<void>()
  const onAbort = () => void endGroup(pid, options.graceMs ?? 2000).then(ending.resolve, ending.reject)
  stop.addEventListener('abort', onAbort, { once: true })

  const finish = async (): Promise<void> => {
    const code = await exited
    if (stop.aborted) {
      await ending.promise
      stdout.destroy()
    }
    stop.removeEventListener('abort', onAbort)
    // Helpers that outlive their leader would hold its pipes, and nobody would know of them.
    killGroup(pid, 'SIGKILL')
    stop.throwIfAborted()
    // Whoever has left the group may hold stderr for ever; a second is for what is still in the pipe.
    await Promise.race([stderr.ended, sleep(1000, undefined, { ref: false })])
    if (code !== 0)
      throw new Fault('house.tool-failed', { tool, exit: code, reason: lastLines(stderr.tail(), secrets) })
  }
  const done = finish()
  done.catch(() => undefined)
  if (stop.aborted) onAbort()

  if (options.niceness !== undefined) lower(pid, options.niceness)
  for (const [index, input] of [options.stdin, ...(options.inputs ?? [])].entries()) {
    // Descriptors 1 and 2 are outputs.
    const pipe = child.stdio[index === 0 ? 0 : index + 2]
    if (input === undefined || !(pipe instanceof Writable)) continue
    pipeline(input, pipe).catch((error: NodeJS.ErrnoException) => {
      // A tool may have read enough; its exit says whether that was so.
      const isEnough = error.code === 'EPIPE' || error.code === 'ECONNRESET' || child.exitCode !== null
      if (!isEnough && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') failure.abort(error)
    })
  }
  try {
    const identity = await identify(pid)
    if (identity) await options.onSpawn?.({ ...identity, mark: options.mark })
  } catch (error) {
    failure.abort(error)
    await done.catch(() => undefined)
    throw error
  }

  return {
    pid,
    stdout,
    stderr: stderr.stream,
    done,
    async text() {
      const tooMuch = () =>
        failure.abort(new Fault('house.tool-failed', { tool, exit: 'killed', reason: 'it wrote more than 64 MiB' }))
      const text = collect(stdout, 64 * 1024 * 1024, tooMuch)
      // `done` knows why, when both fail.
      text.catch(() => undefined)
      await done
      return await text
    },
  }
}

/**
 * What to write before a tool so that the kernel kills it when the house dies, or nothing where that cannot be had
 * (macOS; util-linux absent or BusyBox). Only the tool itself is killed, not what it started: `sweepOrphans` is for that.
 */
export async function deathWatch(searchPath: string): Promise<readonly string[]> {
  const setpriv = process.platform === 'linux' ? await findExecutable('setpriv', searchPath) : undefined
  if (setpriv === undefined) return []
  const prefix = [setpriv, '--pdeathsig', 'KILL', '--']
  const [command = setpriv, ...args] = [...prefix, process.execPath, '--version']
  return (await exit(spawn(command, args, { stdio: 'ignore' }))) === 0 ? prefix : []
}

function environment(options: SpawnOptions): Record<string, string> {
  return {
    PATH: options.searchPath,
    HOME: options.cwd,
    TMPDIR: options.cwd,
    LANG: 'C.UTF-8',
    ...(options.timeZone !== undefined && { TZ: options.timeZone }),
    ...options.env,
    [markName]: options.mark,
  }
}

/** SIGTERM, and SIGKILL to what is left after the grace, be the leader gone or not. */
async function endGroup(pid: number, graceMs: number): Promise<void> {
  const deadline = performance.now() + graceMs
  let isAlive = killGroup(pid, 'SIGTERM')
  while (isAlive && performance.now() < deadline) {
    await sleep(20)
    isAlive = await groupLives(pid)
  }
  if (isAlive) killGroup(pid, 'SIGKILL')
}

/** The exit code, or the name of the signal that ended it. */
function exit(child: ChildProcess): Promise<number | string> {
  const { promise, resolve } = Promise.withResolvers<number | string>()
  child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'))
  child.once('error', () => resolve('not started'))
  return promise
}

async function failedToStart(child: ChildProcess, tool: string): Promise<Fault> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException>()
  child.once('error', resolve)
  const cause = await promise
  return new Fault('house.tool-failed', { tool, exit: 'not started', reason: cause.code ?? 'unknown' }, { cause })
}

function lower(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness)
  } catch (error) {
    // It may have ended already; and no tool fails because it could not be made slower.
    if (!(error instanceof Error)) throw error
  }
}

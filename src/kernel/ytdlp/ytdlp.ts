import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import type { JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import type { Child } from '../child/child.ts'
import { killGroup } from '../child/orphans.ts'
import { parseVersion } from '../child/tools.ts'
import { ytdlpFault, ytdlpReason } from './faults.ts'
import { secretArguments } from './secrets.ts'

/** What yt-dlp needs of a run. */
export interface YtdlpRun {
  readonly signal: AbortSignal
  /** Credential files go here. */
  readonly secrets: string
  spawn(
    tool: string,
    args: readonly string[],
    how?: { readonly env?: Readonly<Record<string, string>> },
  ): Promise<Child>
}

export interface YtdlpCall {
  /** A web address. */
  readonly link: string
  readonly secrets: JobSecrets
  /** Options of ours: nothing in them comes from a person. */
  readonly args: readonly string[]
}

/** yt-dlp at work. Read `lines` to their end, then await `done`. */
export interface YtdlpChild {
  /** What it prints. Throws nothing of its own. */
  readonly lines: AsyncIterable<string>
  /** Throws the fault that its words mean; what it said to stderr otherwise. */
  readonly done: Promise<string>
  /** Ends it: `done` then says nothing of it. With a fault, `done` throws that one. */
  stop(fault?: Fault): void
}

export type Ytdlp = (run: YtdlpRun, call: YtdlpCall) => Promise<YtdlpChild>

/** What it may take before it is given up. */
export interface YtdlpLimits {
  /** Nobody waits longer for a page's next sign of life. 3 minutes. */
  readonly silenceMs: number
  /** It reads whole pages into memory, and a page may be without an end. 1 GiB; its usual size is below 150 MB. */
  readonly memoryBytes: number
}

/** A list of ten thousand entries and the JSON of a video with hundreds of formats stay well below. */
const mostLineBytes = 32 * 1024 * 1024
const lookEveryMs = 250
const versionKeptMs = 600_000

/**
 * One way to start yt-dlp, for whoever needs it. It sees no configuration, plugins or cache of the machine, never calls
 * ffmpeg (which would reach the network by itself), and gets secrets and the link in files. Its version is asked for once
 * in a while, because older ones refuse options that newer ones need.
 */
export function createYtdlp(limited: Partial<YtdlpLimits> = {}): Ytdlp {
  const limits = { silenceMs: 180_000, memoryBytes: 1024 ** 3, ...limited }
  let known: { readonly at: number; readonly version: string } | undefined
  const version = async (run: YtdlpRun) => {
    if (known === undefined || performance.now() - known.at > versionKeptMs) {
      const child = await run.spawn('yt-dlp', ['--ignore-config', '--version'], { env: environment })
      known = { at: performance.now(), version: parseVersion(await child.text()) }
    }
    return known.version
  }
  return async (run, call) => {
    run.signal.throwIfAborted()
    const files = await secretArguments(run.secrets, withoutSmuggled(call.link), call.secrets)
    const args = [...usual, ...runtimes(await version(run)), ...call.args, ...files]
    return follow(run, await run.spawn('yt-dlp', args, { env: environment }), limits)
  }
}

const environment = { YTDLP_NO_PLUGINS: '1' }

const usual = [
  '--ignore-config',
  '--no-update',
  '--no-cache-dir',
  '--no-mark-watched',
  '--no-cookies-from-browser',
  '--ffmpeg-location',
  '/nonexistent',
  '--socket-timeout',
  '20',
  '--retries',
  '3',
  '--extractor-retries',
  '2',
] as const

/** Since 2025.11.12 YouTube's pages are understood only with the help of a JavaScript runtime: this one. */
function runtimes(version: string): readonly string[] {
  return olderThan(version, '2025.11.12') ? [] : ['--no-js-runtimes', '--js-runtimes', `node:${process.execPath}`]
}

/** Versions are dates, so they compare as they stand; one that cannot be read counts as old. */
function olderThan(version: string, other: string): boolean {
  return !/^\d{4}\.\d{2}\.\d{2}/.test(version) || version < other
}

/** Between its own parts yt-dlp passes notes in a fragment; those of strangers are not passed on. */
function withoutSmuggled(link: string): string {
  const url = new URL(link)
  if (/__youtubedl_smuggle|youtubedl_smuggle/i.test(url.hash)) url.hash = ''
  return url.href
}

function follow(run: YtdlpRun, child: Child, { silenceMs, memoryBytes }: YtdlpLimits): YtdlpChild {
  let fault: Fault | undefined
  let isStopped = false
  const stop = (why?: Fault) => {
    if (isStopped) return
    isStopped = true
    fault = why
    killGroup(child.pid, 'SIGKILL')
  }
  const said = tail(child.stderr)
  let heardAt = performance.now()
  const timer = setInterval(() => {
    if (performance.now() - heardAt > silenceMs) stop(new Fault('source.stalled', { seconds: silenceMs / 1000 }))
    void memoryOf(child.pid).then((bytes) => {
      if (bytes > memoryBytes) stop(new Fault('source.malformed', { reason: 'what the site sends has no end' }))
    })
  }, lookEveryMs)
  const finish = async () => {
    try {
      await child.done
      return await said()
    } catch (thrown) {
      run.signal.throwIfAborted()
      if (fault !== undefined) throw fault
      if (isStopped) return await said()
      if (!isFault(thrown, 'house.tool-failed')) throw thrown
      throw faultOf(await said(), thrown)
    } finally {
      clearInterval(timer)
    }
  }
  const done = finish()
  done.catch(() => undefined) // whoever wants to know awaits it
  const heard = () => void (heardAt = performance.now())
  return { lines: linesOf(child.stdout, { heard, stop }), done, stop }
}

function faultOf(said: string, thrown: Fault): Fault {
  const known = ytdlpFault(said)
  if (known) return new Fault(known.code, known.facts, { cause: thrown, next: known.next })
  const reason = ytdlpReason(said)
  return reason === undefined ? thrown : new Fault('house.tool-failed', { ...thrown.facts, reason }, { cause: thrown })
}

async function* linesOf(
  stdout: Readable,
  { heard, stop }: { heard: () => void; stop: (fault: Fault) => void },
): AsyncGenerator<string> {
  let chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (let chunk of stdout as AsyncIterable<Buffer>) {
      heard()
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10)) {
        yield Buffer.concat([...chunks, chunk.subarray(0, end)]).toString('utf8')
        ;[chunks, bytes] = [[], 0]
        chunk = chunk.subarray(end + 1)
      }
      bytes += chunk.length
      if (bytes > mostLineBytes) return stop(new Fault('source.malformed', { reason: 'it is too much to be true' }))
      if (chunk.length > 0) chunks.push(chunk)
    }
  } catch {
    // The pipe broke because the child was ended; `done` says why.
  }
}

/** Keeps the end of stderr; call it after the exit. */
function tail(stderr: Readable): () => Promise<string> {
  let kept: Buffer = Buffer.alloc(0)
  stderr.on('data', (chunk: Buffer) => (kept = Buffer.concat([kept, chunk]).subarray(-65_536)))
  const ended = finished(stderr, { writable: false }).catch(() => undefined)
  return async () => {
    // Whoever has left the group may hold it for ever.
    await Promise.race([ended, sleep(1000, undefined, { ref: false })])
    return kept.toString('utf8')
  }
}

/** Bytes of memory that a process has now; 0 where that cannot be told (anything but Linux). */
async function memoryOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '')
  // In pages of 4 KiB; larger pages (some ARM) only make this more patient.
  return Number(text.split(' ')[1] ?? 0) * 4096
}

import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { MediaFacts } from '@jackdaw/contract/nouns/asset.ts'
import type { Progress } from '@jackdaw/contract/nouns/job.ts'
import { digestFile } from '#kernel/digest.ts'
import { newId } from '#kernel/ids.ts'
import { sniffFile } from '#kernel/sniff.ts'
import type { Child, LocalAsset, Run, SpawnHow } from '#pipeline/engine.ts'

export interface LocalRun<C> extends Run<C> {
  readonly saved: C[]
  readonly reports: Progress[]
  readonly notes: { asset: string; facts: MediaFacts; thumbnail?: LocalAsset | undefined }[]
  readonly spawned: { tool: string; args: readonly string[] }[]
}

/** A run without a house: real files and real programs, no network. `onSave` may throw, as a lost lease would. */
export function localRun<C>(
  dir: string,
  how: {
    signal?: AbortSignal
    checkpoint?: C
    onSave?: (checkpoint: C, count: number) => void
    onReport?: () => void
    onSpawn?: (pid: number) => void
  } = {},
): LocalRun<C> {
  const run: LocalRun<C> = {
    saved: [],
    reports: [],
    notes: [],
    spawned: [],
    signal: how.signal ?? new AbortController().signal,
    http: () => Promise.reject(new Fault('house.absent', { reason: 'no network here' })),
    connect: () => Promise.reject(new Fault('house.absent', { reason: 'no network here' })),
    async spawn(tool, args, spawnHow) {
      run.spawned.push({ tool, args })
      const child = await start(tool, args, run.signal, spawnHow)
      how.onSpawn?.(child.pid)
      return child
    },
    dir,
    secrets: join(dir, '.secrets'),
    checkpoint: how.checkpoint,
    async save(checkpoint) {
      // As the database would keep it.
      run.saved.push(structuredClone(checkpoint))
      how.onSave?.(checkpoint, run.saved.length)
    },
    report(progress) {
      run.reports.push(progress)
      how.onReport?.()
    },
    charge: () => 0,
    keep: async (path, as) => asset(path, { ...as, type: await typeOf(path, as) }),
    note: (asset, facts, also) => void run.notes.push({ asset: asset.id, facts, thumbnail: also?.thumbnail }),
    log: () => undefined,
  }
  return run
}

/** As the house does it: what the caller says counts where neither the bytes nor the name tell. */
async function typeOf(path: string, as: { name: string; type?: string }): Promise<string> {
  const seen = await sniffFile(path, as.name)
  return seen === 'application/octet-stream' ? (as.type ?? seen) : seen
}

/** A folder that goes with the test. */
export async function scratch(t: TestContext, under: string = tmpdir()): Promise<string> {
  const dir = await mkdtemp(join(under, 'jackdaw-test-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** An asset of a file that exists. */
export async function asset(
  path: string,
  as: {
    name?: string
    type?: string
    sha256?: string
    role?: LocalAsset['role']
    state?: LocalAsset['state']
    createdAt?: string
  } = {},
): Promise<LocalAsset> {
  return {
    id: newId(),
    name: as.name ?? basename(path),
    type: as.type ?? 'application/octet-stream',
    bytes: (await stat(path)).size,
    sha256: as.sha256 ?? (await digestFile(path)),
    ...(as.role && { role: as.role }),
    state: as.state ?? 'scratch',
    createdAt: as.createdAt ?? new Date().toISOString(),
    path,
  }
}

async function start(tool: string, args: readonly string[], signal: AbortSignal, how: SpawnHow = {}): Promise<Child> {
  const child = spawn(tool, args, {
    detached: true,
    env: { PATH: process.env['PATH'], ...how.env },
    stdio: [how.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe', ...(how.inputs ?? []).map(() => 'pipe' as const)],
    ...(how.cwd !== undefined && { cwd: how.cwd }),
  })
  const { pid, stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('both are pipes')
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  if (pid === undefined) throw new Error('it has started, so it has a pid')
  // A tool that asked for nothing closes its end.
  if (how.stdin && child.stdin) how.stdin.pipe(child.stdin.on('error', () => undefined))
  for (const [index, input] of (how.inputs ?? []).entries()) {
    const pipe = child.stdio[index + 3]
    // A tool that has read enough closes its end.
    if (pipe instanceof Writable) input.pipe(pipe.on('error', () => undefined))
  }
  const kill = () => process.kill(-pid, 'SIGKILL')
  signal.addEventListener('abort', kill)
  const said = text(stderr)
  const done = new Promise<void>((resolve, reject) => {
    child.once('close', (exit) => {
      signal.removeEventListener('abort', kill)
      if (signal.aborted) reject(signal.reason)
      else if (exit === 0) resolve()
      else void said.then((reason) => reject(new Fault('house.tool-failed', { tool, exit: exit ?? -1, reason })))
    })
  })
  done.catch(() => undefined) // whoever wants to know awaits `done` itself
  return {
    pid,
    stdout,
    stderr,
    done,
    async text() {
      const all = await text(stdout)
      await done
      return all
    },
  }
}

/** Makes the folder and returns it. */
export async function folderAt(...parts: readonly [string, ...string[]]): Promise<string> {
  const path = join(...parts)
  await mkdir(path, { recursive: true })
  return path
}

import { mkdirSync } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { MediaFacts } from '@jackdaw/contract/nouns/asset.ts'
import type { Progress } from '@jackdaw/contract/nouns/job.ts'
import type { Log } from '#db/log.ts'
import type { Bus } from '#kernel/bus.ts'
import { digestFile } from '#kernel/digest.ts'
import { newId } from '#kernel/ids.ts'
import { createSpeedometer } from '#kernel/speed.ts'
import { sniffFile } from '#kernel/sniff.ts'
import type { Engine, LocalAsset, Run } from './engine.ts'
import { patiently } from './patience.ts'
import type { ClaimedStep, MadeAsset, Queue } from './queue.ts'

/** What the house gives to one step: everything of a Run that leads outside. `main/` makes it. */
export interface Outside extends AsyncDisposable {
  readonly http: Run<unknown>['http']
  readonly connect: Run<unknown>['connect']
  readonly spawn: Run<unknown>['spawn']
  readonly charge: Run<unknown>['charge']
}

export interface RunPorts {
  readonly queue: Queue
  readonly bus: Bus
  readonly log: Log
  readonly scratch: string
  readonly secrets: string
  /** Reported to watchers at most this often. */
  readonly reportEveryMs: number
}

/** What a step has learnt and made so far, beside its Run. */
export interface Traces {
  readonly made: Map<string, LocalAsset>
  readonly notes: Map<string, { facts: MediaFacts | null; thumbnail: LocalAsset | null }>
  /** The newest progress, with speed and ETA. */
  progress(): Progress | undefined
  /** Whether a checkpoint was saved in this attempt. */
  progressed(): boolean
}

export interface OpenedRun {
  readonly run: Run<unknown>
  readonly traces: Traces
  close(): Promise<void>
}

/** Makes the Run of one attempt of a step. `engine` may be absent while sources are still being asked. */
export async function openRun(
  step: ClaimedStep,
  engine: Pick<Engine, 'checkpoint'> | undefined,
  signal: AbortSignal,
  outside: Outside,
  ports: RunPorts,
): Promise<OpenedRun> {
  // Folders are made when an engine asks for them: for steps that write nothing (resolving, probing, delivering what is
  // stored) making and removing them took a quarter of the worker's time.
  const dir = lazyFolder(scratchOf(ports.scratch, step))
  const secrets = lazyFolder(secretsOf(ports.secrets, step), 0o700)

  const made = new Map<string, LocalAsset>()
  const notes: Traces['notes'] = new Map()
  const measure = createSpeedometer()
  let progress: Progress | undefined
  let lastSent = 0
  let saved = false
  const parsed = step.checkpoint === null ? undefined : engine?.checkpoint.safeParse(step.checkpoint)

  const run: Run<unknown> = {
    signal,
    http: outside.http,
    connect: outside.connect,
    async spawn(tool, args, how) {
      // Where tools work unless they are told otherwise.
      dir.path()
      return await outside.spawn(tool, args, how)
    },
    charge: outside.charge,
    get dir() {
      return dir.path()
    },
    get secrets() {
      return secrets.path()
    },
    checkpoint: parsed?.success ? parsed.data : undefined,
    async save(checkpoint) {
      if (!(await patiently(() => ports.queue.save(step, checkpoint), signal))) throw new Fault('lease.lost')
      saved = true
    },
    report(now) {
      progress = measure(now)
      const time = performance.now()
      if (time - lastSent < ports.reportEveryMs) return
      lastSent = time
      const { id, kind, engine, label } = step
      ports.bus.publish({
        kind: 'volatile',
        job: step.job_id,
        account: step.account_id,
        event: {
          type: 'step.progress',
          at: new Date().toISOString(),
          job: step.job_id,
          data: { step: id, kind, engine, label, progress },
        },
      })
    },
    async keep(path, { name, type, sha256, role }) {
      const { size } = await stat(path)
      const asset: LocalAsset = {
        id: newId(),
        name,
        // What the site said counts where neither the bytes nor the name tell.
        type: typeOf(await sniffFile(path, name), type),
        bytes: size,
        sha256: sha256 ?? (await digestFile(path, { signal })),
        state: 'scratch',
        createdAt: new Date().toISOString(),
        path,
        ...(role && { role }),
      }
      made.set(asset.id, asset)
      return asset
    },
    note(asset, facts, also) {
      const before = notes.get(asset.id)
      notes.set(asset.id, {
        facts: { ...before?.facts, ...facts },
        thumbnail: also?.thumbnail ?? before?.thumbnail ?? null,
      })
    },
    log: (fields, message) => ports.log.info({ ...fields, job: step.job_id, step: step.id }, message),
  }
  return {
    run,
    traces: { made, notes, progress: () => progress, progressed: () => saved },
    async close() {
      if (secrets.made()) await rm(secrets.path(), { recursive: true, force: true })
    },
  }
}

function lazyFolder(path: string, mode?: number) {
  let made = false
  return {
    made: () => made,
    path() {
      if (!made) mkdirSync(path, { recursive: true, mode })
      made = true
      return path
    },
  }
}

/** Scratch folder of a step: by its place in the job, so that a job that is begun anew finds its bytes again. */
export function scratchOf(root: string, step: Pick<ClaimedStep, 'job_id' | 'index'>): string {
  return join(root, step.job_id, String(step.index))
}

/** Folder of an attempt's credential files: gone with the attempt. */
export function secretsOf(root: string, step: Pick<ClaimedStep, 'id' | 'attempt'>): string {
  return join(root, `${step.id}-${step.attempt}`)
}

export function asRow({ id, name, type, bytes, sha256, path, role }: LocalAsset): MadeAsset {
  return { id, name, type, bytes, sha256, path, ...(role && { role }) }
}

function typeOf(seen: string, said: string | undefined): string {
  return seen === 'application/octet-stream' ? (said ?? seen) : seen
}
